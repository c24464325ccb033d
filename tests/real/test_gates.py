"""Gates of the real Claude Code, answered from another terminal with the pane untouched, and in the pane instead."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.dialogs import hooks_of, keys
from support.person import Person, configure, write_issue
from support.polling import eventually

from orchestra.agents.claude.screen import MARK
from orchestra.agents.claude.selftest import MessagesApi, marker, plan_of
from orchestra.agents.claude.selftest.sandbox import KEY, private_home

pytestmark = [pytest.mark.real, pytest.mark.journey, pytest.mark.timeout(300)]

PLAN = "\n".join(f"{step}. Step {step}: what is done, and why" for step in range(1, 91))  # two pages


def bash(command: str) -> dict[str, Any]:
    return {"tool": "Bash", "input": {"command": command, "description": "step"}}


def ask(*questions: tuple[str, tuple[str, ...]]) -> dict[str, Any]:
    listed = [
        {
            "question": question,
            "header": "H",
            "multiSelect": False,
            "options": [{"label": label, "description": f"it is {label}"} for label in labels],
        }
        for question, labels in questions
    ]
    return {"tool": "AskUserQuestion", "input": {"questions": listed}}


COLOUR = ask(("Which colour?", ("red", "blue")))
TWO = ask(("Which colour?", ("red", "blue")), ("Which font?", ("serif", "sans")))
GATED = bash("npm publish 2>/dev/null; echo published >published.txt")


class Real(Person):
    """A user with the real Claude Code, and what its model was told."""

    api: MessagesApi

    def gives(self, number: int, *steps: dict[str, Any]) -> None:
        """An issue whose worker takes these steps."""
        write_issue(self.where, number, f"Issue {number}", f"Please.\n\n{marker(*steps, {'text': 'The end.'})}")

    def blocked(self, number: str) -> dict[str, Any]:
        self.runs("spawn", number)
        eventually(lambda: self.asks("show", number)["attention"] == "blocked", 60, "its dialog")
        eventually(lambda: hooks_of(self), 10, "its hook")
        return dict(self.asks("show", number))

    def ended(self, number: str) -> str:
        """What the tools said, once the turn is over."""
        eventually(lambda: self.asks("show", number)["activity"]["detail"] == "The end.", 60, "the end of its turn")
        session = self.asks("show", number)["agentSession"]
        messages = self.api.of(session)[-1].body["messages"]
        blocks = [block for message in messages if isinstance(message["content"], list) for block in message["content"]]
        return "\n".join(str(block["content"]) for block in blocks if block["type"] == "tool_result")


@pytest.fixture
def person(repo: Path, home: Path, claude_program: Path) -> Iterator[Real]:
    private_home(home, repo)
    lines = (
        f"agents: {{claude: {{command: {claude_program}, env: [CLAUDE_CODE_DISABLE_*]}}}}",
        "tracker: local",
        "gates: [external-api]",
    )
    configure(repo, *lines)
    quiet = ("DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING",
             "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL")  # fmt: skip
    with MessagesApi() as api:
        found = Real(repo, {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": KEY, **dict.fromkeys(quiet, "1")})
        found.api = api
        found.runs("up", "-d")
        yield found


def tree(person: Real, number: str) -> Path:
    return Path(person.asks("show", number)["worktreePath"])


LONG = "no in the pane"  # takes half a minute: what follows from it is waited for


def usual(cases: Iterable[str]) -> list[Any]:
    """The cases, of which the long one is for the night."""
    return [pytest.param(case, marks=pytest.mark.nightly) if case == LONG else case for case in cases]


SAID = {
    "approve": "human                  approves (command)",
    "deny": "human                  denies (command)",
    "yes in the pane": "s (pane)",  # approves, by its hook; or answers, as the monitor saw it before
    "no in the pane": "monitor                dismissed without approval (pane)",
}


@pytest.mark.parametrize("how", usual(SAID))
def test_a_permission(how: str, person: Real) -> None:
    person.gives(1, GATED)
    found = person.blocked("1")
    assert found["escalation"]["gate"] == "permission"
    assert "npm publish" in found["escalation"]["summary"]
    if how == "approve":
        person.runs("approve", "1")
        person.ended("1")
    elif how == "deny":
        person.runs("deny", "1", "Only people publish.")
        assert "Only people publish." in person.ended("1")
    elif how == "yes in the pane":
        keys(person, "1", "1")
        person.ended("1")
    else:
        keys(person, "1", "Escape")
        eventually(lambda: person.asks("show", "1")["activity"]["state"] == "waiting", 30, "the dismissed dialog")
    eventually(lambda: not hooks_of(person), 10, "the hook to end")
    assert person.asks("show", "1")["escalations"] == []
    assert (tree(person, "1") / "published.txt").exists() is (how in ("approve", "yes in the pane"))
    log = person.runs("log", "1").out
    assert f"{SAID[how]}: Bash: npm publish" in log, log
    assert "has no open question; it was " in person.runs("approve", "1", code=1).err


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("blue", "blue"),
        ("2", "blue"),
        pytest.param("a dark green", "a dark green", marks=pytest.mark.nightly),
        (("1",), "red"),
        (("Down", "Down", "mine", "Enter"), "mine"),
    ],
)
def test_a_question(words: str | tuple[str, ...], answer: str, person: Real) -> None:
    """Words are told from elsewhere; keys are pressed in the pane."""
    person.gives(1, COLOUR)
    found = person.blocked("1")
    assert found["escalation"]["options"] == ["red", "blue"]
    assert "tell 1" in person.runs("approve", "1", code=1).err
    if isinstance(words, tuple):
        eventually(lambda: re.search(r"2\.\s+blue", person.screen("1")), why="the dialog, which comes after its hook")
        for key in words:
            if key == answer:  # older versions lose what is typed before the field has the cursor
                eventually(lambda: re.search(rf"{MARK}\s*3\.", person.screen("1")), why="the field for an own answer")
            keys(person, "1", key)
            eventually(lambda key=key: key != "mine" or "mine" in person.screen("1"))  # type: ignore[misc]
    else:
        assert "its question is answered" in person.runs("tell", "1", *words.split()).out
    assert answer in person.ended("1")
    how = "pane" if isinstance(words, tuple) else "command"
    assert f"answers ({how}): Which colour?: {answer}" in person.runs("log", "1").out
    eventually(lambda: not hooks_of(person), 10, "the hook to end")


def test_several_questions_in_one_go(person: Real) -> None:
    person.gives(1, TWO)
    person.blocked("1")
    assert "asks 2 questions" in person.runs("tell", "1", "blue", code=1).err
    person.runs("tell", "1", "2; sans")
    said = person.ended("1")
    assert "blue" in said
    assert "sans" in said


# The mode that the pane's last line names after each answer. The pane's own first answer brings the program's mode.
MODES = {
    "approve": "accept edits on",
    "deny": "plan mode on",
    "changed in the pane": "plan mode on",
    "yes in the pane": "",
    "no in the pane": "plan mode on",
}


@pytest.mark.parametrize("how", usual(MODES))
def test_a_plan_that_a_person_reviews(how: str, person: Real) -> None:
    with (person.where / "orchestra.yaml").open("a") as file:
        file.write("plan: review\n")
    note = {"tool": "Write", "input": {"file_path": "{{cwd}}/note.txt", "content": "x"}}
    person.gives(1, bash("orchestra worker status planning"), *plan_of(PLAN), note)
    found = person.blocked("1")
    assert found["escalation"]["gate"] == "plan"
    assert PLAN in found["escalation"]["context"]
    shown = " ".join(person.runs("show", "1").out.split())
    assert all(line in shown for line in PLAN.split("\n")), "the whole plan is shown"
    if how == "approve":
        person.runs("approve", "1")
    elif how == "deny":
        person.runs("deny", "1", "Smaller steps.")
    elif how == "changed in the pane":
        eventually(lambda: re.search(r"\b3\.\s", person.screen("1")), why="the dialog, which comes after its hook")
        keys(person, "1", "3")
        eventually(lambda: re.search(rf"{MARK}\s*3\.", person.screen("1")), why="the field for what to change")
        keys(person, "1", "Smaller steps.")
        eventually(lambda: "Smaller steps." in person.screen("1"), 20, "the words in the dialog")
        keys(person, "1", "Enter")
    else:
        keys(person, "1", "1" if how == "yes in the pane" else "Escape")
    eventually(lambda: MODES[how] in person.screen("1"), 30, f"{MODES[how]}, after: {how}")
    if how in ("deny", "changed in the pane"):
        eventually(lambda: "Smaller steps." in str(person.api.of(found["agentSession"])[-1].body["messages"]), 30)
        return
    if how == "no in the pane":
        eventually(lambda: person.asks("show", "1")["activity"]["state"] == "waiting", 30, "the dismissed plan")
        assert person.asks("show", "1")["approvals"] == []
        assert not (tree(person, "1") / "note.txt").exists()
        return
    person.ended("1")
    assert (tree(person, "1") / "note.txt").exists()
    assert [one["gate"] for one in person.asks("show", "1")["approvals"]] == ["plan"]


def test_a_plan_goes_on_by_itself(person: Real) -> None:
    person.gives(1, {"tool": "EnterPlanMode", "input": {}}, *plan_of(PLAN))
    person.runs("spawn", "1")
    person.ended("1")
    assert "its plan goes on" in person.runs("log", "1").out


def test_a_killed_hook_leaves_the_pane_its_dialog(person: Real) -> None:
    person.gives(1, GATED)
    person.blocked("1")
    for pid in hooks_of(person):
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not hooks_of(person))
    assert person.asks("show", "1")["attention"] == "blocked"
    assert "answer in its pane" in person.runs("approve", "1", code=1).err
    keys(person, "1", "1")
    person.ended("1")
    assert (tree(person, "1") / "published.txt").exists()


def test_no_hook_outlives_its_agent(person: Real) -> None:
    person.gives(1, GATED)
    person.blocked("1")
    pids = person.tmux("list-panes", "-a", "-F", "#{@orchestra_worker} #{pane_pid}").splitlines()
    os.kill(next(int(line.split()[1]) for line in pids if line.startswith("1 ")), signal.SIGKILL)
    eventually(lambda: not hooks_of(person), 10, "the hook to end")
    eventually(lambda: person.asks("show", "1")["escalations"] == [], 20, "the question to be gone with its agent")
    assert "has no open question" in person.runs("approve", "1", code=1).err
    assert not (tree(person, "1") / "published.txt").exists()


def test_two_calls_at_once_are_answered_in_one_go(person: Real, tmp_path: Path) -> None:
    """Claude Code asks for its writing tools one after the other, and for its reading ones at once."""
    for name in ("one", "two"):
        (tmp_path / name).write_text(f"file {name}\n")
    text = (person.where / "orchestra.yaml").read_text()
    (person.where / "orchestra.yaml").write_text(text.replace("DISABLE_*]", "DISABLE_*], permissions: strict"))
    person.gives(
        1, {"tools": [{"name": "Read", "input": {"file_path": f"{tmp_path}/{name}"}} for name in ("one", "two")]}
    )
    person.blocked("1")
    eventually(lambda: len(person.asks("show", "1")["escalations"]) == 2, 20, "both questions")
    assert len(person.runs("approve", "1", "--all").out.splitlines()) == 2
    said = person.ended("1")
    assert "file one" in said
    assert "file two" in said


@pytest.mark.nightly
def test_a_yes_in_the_pane_is_known_before_its_tool_has_ended(person: Real) -> None:
    person.gives(1, bash("npm publish 2>/dev/null; until test -e go; do sleep 0.2; done"))
    person.blocked("1")
    keys(person, "1", "1")
    eventually(lambda: person.asks("show", "1")["activity"]["state"] == "busy", 30, "the yes to be seen")
    assert person.asks("show", "1")["attention"] is None
    assert "answers (pane): Bash: npm publish" in person.runs("log", "1").out
    (tree(person, "1") / "go").touch()
    person.ended("1")
    assert "dismissed without approval" not in person.runs("log", "1").out


def test_who_answers_twice_is_told(person: Real) -> None:
    person.gives(1, GATED)
    person.blocked("1")
    person.runs("approve", "1")
    assert "it was approved by human (command)" in person.runs("deny", "1", "no", code=1).err
    person.ended("1")
    assert (tree(person, "1") / "published.txt").exists()
