"""Dialogs as Claude Code draws them: what they say, what can be chosen, and how."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.agents.claude.dialogs import read_dialog
from orchestra.agents.records import ScreenDialog
from orchestra.core.models import Gate
from orchestra.errors import OrchestraError
from orchestra.workers.screen_dialogs import as_question, option_for

pytestmark = pytest.mark.fast

RULE = "\u2500" * 60
DOTS = "\u254c" * 60
ECHO = "\u276f go on\n\n\u25cf Bash(npm install left-pad)\n  \u23bf  Waiting\u2026\n\n"
NO_CHECK = f"""{ECHO}{RULE}
  Auto mode can't check actions in this session

  Auto mode's safety check runs on the server.

  You can stay in auto mode and approve each action that needs the check yourself.

  Enter to stay in auto mode \u00b7 shift+Tab to leave for accept edits mode and stop \u00b7 Esc to cancel

"""
PROCEED = f"""{ECHO}{RULE}
 Bash command
 step

{DOTS}
 npm install left-pad
{DOTS}

 Auto mode can't check actions in this session, so this one needs your approval
 Do you want to proceed?
 \u276f No
   Yes

 Esc to cancel \u00b7 Tab to amend
{RULE}
"""
EXIT_PLAN = f"""{ECHO}{RULE}
 Exit plan mode?

 Claude wants to exit plan mode

 \u276f 1. Yes, and switch to default (ask each time) for this session
   2. No
{RULE}
"""
BOX = f"{ECHO}{RULE}\n\u276f\u00a0\n{RULE}\n  auto mode on (shift+tab to cycle)\n"


def test_a_dialog_without_a_list_is_answered_by_its_keys() -> None:
    found = read_dialog(NO_CHECK)
    assert found is not None
    assert found.text.split("\n")[0] == "Auto mode can't check actions in this session"
    assert found.options == ("stay in auto mode", "leave for accept edits mode and stop", "cancel")
    assert (found.chosen, found.keys) == (-1, ("Enter", "BTab", "Escape"))


def test_a_list_without_numbers_is_answered_by_arrows() -> None:
    found = read_dialog(PROCEED)
    assert found is not None
    assert (found.options, found.chosen, found.keys) == (("No", "Yes"), 0, ())
    lines = found.text.split("\n")
    assert (lines[0], lines[2], lines[-1]) == ("Bash command", "npm install left-pad", "Do you want to proceed?")


def test_the_mark_may_be_anywhere_in_the_list() -> None:
    moved = PROCEED.replace("\u276f No", "  No").replace("  Yes", "\u276f Yes")
    found = read_dialog(moved)
    assert found is not None
    assert (found.options, found.chosen) == (("No", "Yes"), 1)
    before = read_dialog(PROCEED)
    assert before is not None
    assert as_question(found).request == as_question(before).request, "the same dialog, whatever is marked"


def test_a_list_with_numbers() -> None:
    found = read_dialog(EXIT_PLAN)
    assert found is not None
    assert found.options == ("Yes, and switch to default (ask each time) for this session", "No")
    assert found.text == "Exit plan mode?\nClaude wants to exit plan mode"


@pytest.mark.parametrize("screen", [BOX, "", "words\n", ECHO, f"{RULE}\n{RULE}\n"])
def test_where_no_dialog_is_none_is_found(screen: str) -> None:
    assert read_dialog(screen) is None


@pytest.mark.parametrize(
    ("screen", "gate", "options"),
    [(PROCEED, Gate.PERMISSION, ()), (EXIT_PLAN, Gate.PERMISSION, ()), (NO_CHECK, Gate.QUESTION, 3)],
)
def test_yes_and_no_are_a_permission_and_the_rest_asks_to_choose(screen: str, gate: Gate, options: object) -> None:
    found = read_dialog(screen)
    assert found is not None
    asked = as_question(found)
    assert asked.gate is gate
    assert len(asked.options) == (options or 0)


@pytest.mark.parametrize(
    ("screen", "behavior", "answers", "place"),
    [
        (PROCEED, "allow", (), 1),
        (PROCEED, "deny", (), 0),
        (EXIT_PLAN, "allow", (), 0),
        (NO_CHECK, "allow", ("stay in auto mode",), 0),
        (NO_CHECK, "allow", ("cancel",), 2),
        (NO_CHECK, "allow", ("something else",), None),
        (NO_CHECK, "allow", (), None),
        (NO_CHECK, "deny", (), None),
    ],
)
def test_which_option_an_answer_means(screen: str, behavior: str, answers: tuple[str, ...], place: int | None) -> None:
    found = read_dialog(screen)
    assert found is not None
    if place is None:
        with pytest.raises(OrchestraError, match="has no such answer"):
            option_for("1", as_question(found), found, behavior, answers)
    else:
        assert option_for("1", as_question(found), found, behavior, answers) == place


@given(st.lists(st.sampled_from([*PROCEED.split("\n"), *NO_CHECK.split("\n"), *EXIT_PLAN.split("\n"), "\x1b[7m"])))
def test_no_screen_breaks_the_reader(lines: list[str]) -> None:
    found = read_dialog("\n".join(lines))
    assert found is None or (found.options and found.chosen < len(found.options))
    assert found is None or isinstance(as_question(found).request, str)
    assert isinstance(found, ScreenDialog | None)
