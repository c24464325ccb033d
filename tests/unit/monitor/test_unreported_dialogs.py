"""What is recorded of a screen of which no hook has told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.stub_project import StubProject, doing, pane

from orchestra import processes
from orchestra.core.models import ActivityState
from orchestra.monitor import unreported_dialogs

pytestmark = pytest.mark.fast

RULE = "\u2500" * 40
PROMPT = f"{RULE}\n\u276f \n{RULE}\n  ? for shortcuts\n"
AT_WORK = f"\u273b Thinking\u2026 (3s \u00b7 esc to interrupt)\n{PROMPT}"
DIALOG = f"{RULE}\n Do you want to proceed?\n \u276f 1. Yes\n   2. No\n\n Esc to cancel\n"
STRANGE = "Segmentation fault\n"
SUSPENDED = "Claude Code has been suspended. Run `fg` to bring Claude Code back.\n"
LONG = unreported_dialogs.QUIET_SECONDS + 1


class Look:
    """A worker of Claude Code, and its pane."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.project: Any = StubProject(directory)
        self.project.panes.watched.return_value = False
        self.said: list[str] = []
        self.continued: list[int] = []
        monkeypatch.setattr(unreported_dialogs, "pause", lambda _: None)
        monkeypatch.setattr(processes, "continue_process", self.continued.append)

    def at(self, *screens: str, state: ActivityState = ActivityState.BUSY, seconds: float = LONG, **more: str) -> str:
        """What is recorded with these screens, one after the other; the last one stays."""
        shown = [*screens]
        self.project.panes.drawn.side_effect = lambda _: shown.pop(0) if len(shown) > 1 else shown[0]
        self.project.panes.capture.side_effect = lambda _: shown[0]
        self.project.has(agent="claude", activity=doing(state, seconds=seconds, **more))
        before = len(self.project.journal())
        worker = self.project.worker()
        unreported_dialogs.record_unreported(self.project, worker, pane(worker), self.said.append)
        return " ".join(self.project.journal()[before:])


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    return Look(tmp_path, monkeypatch)


def test_the_usual_screens_are_not_recorded(look: Look) -> None:
    assert look.at(PROMPT) == look.at(AT_WORK) == look.at(PROMPT, state=ActivityState.WAITING) == ""


def test_a_dialog_is_a_question_with_its_options(look: Look) -> None:
    assert look.at(DIALOG) == "blocked"
    assert look.said[0].startswith("#7 ")
    worker = look.project.worker()
    assert worker.activity.state is ActivityState.BLOCKED
    assert worker.dialogs


def test_a_screen_that_is_not_known_is_said_to_be_unknown(look: Look) -> None:
    assert look.at(STRANGE) == "unclear"
    assert look.said == ["#7 its pane shows no prompt and nothing else that is known: look, orchestra attach 7"]
    assert look.project.worker().activity.state is ActivityState.UNKNOWN


@pytest.mark.parametrize("now", [PROMPT, DIALOG])
def test_two_looks_must_show_the_same(look: Look, now: str) -> None:
    assert look.at(STRANGE, STRANGE, now) == ""


def test_an_agent_that_has_just_told_something_is_left_alone(look: Look) -> None:
    assert look.at(STRANGE, seconds=1) == ""


def test_a_pane_that_the_user_is_in_is_theirs(look: Look) -> None:
    look.project.panes.watched.return_value = True
    assert look.at(DIALOG) == ""


@pytest.mark.parametrize("state", [ActivityState.STARTING, ActivityState.ENDED, ActivityState.LIMITED])
def test_states_in_which_the_screen_is_not_asked(look: Look, state: ActivityState) -> None:
    assert look.at(STRANGE, state=state) == ""


@pytest.mark.parametrize(("screen", "kind"), [(PROMPT, "idle"), (AT_WORK, "unblocked")])
def test_what_was_unknown_is_known_again(look: Look, screen: str, kind: str) -> None:
    assert look.at(screen, state=ActivityState.UNKNOWN, detail="what the pane shows") == kind


def test_a_suspended_program_is_continued(look: Look) -> None:
    assert look.at(SUSPENDED) == ""
    assert look.continued == [4711]
    assert look.said == ["#7 was suspended by Ctrl-Z and is continued"]
