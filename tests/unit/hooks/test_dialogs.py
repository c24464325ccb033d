"""A dialog in the pane as an escalation: opened by the hook, closed by the first answer; and the hook that waits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.events import happened, happened_at
from support.paths import ROOT
from support.polling import eventually

from orchestra.core import serialization
from orchestra.core.dialogs import answer_to, open_questions
from orchestra.core.lifecycle import machine
from orchestra.core.lifecycle.transitions import Refused
from orchestra.core.models import ActivityState, Escalation, Gate, Status, Worker
from orchestra.errors import OrchestraError
from orchestra.project import entry_points
from orchestra.storage.files import is_held
from orchestra.storage.session_store import Store
from orchestra.workers import answers as answering

pytestmark = pytest.mark.fast

AT = "2026-01-08T11:15:00Z"
ASK = {"gate": "permission", "summary": "Bash: npm publish", "context": "", "options": [], "request": "aa11"}
QUESTION = Escalation(
    Gate.QUESTION,
    "Which?",
    questions=(
        {"question": "Which?", "options": ["Dark", "Light", "Both; mixed"], "many": False},
        {"question": "Where?", "options": ["Here", "There"], "many": True},
    ),
)


def told(worker: Worker | None, kind: str, by: str = "hook:x", /, **data: Any) -> Worker:
    return machine.apply(worker, happened_at(kind, AT, by, **data))


@pytest.fixture
def busy() -> Worker:
    worker = told(
        None, "spawned", "human", id="124", title="x", nonce="n", agent="claude", worktreePath="/w", branch="b"
    )
    return told(told(worker, "accepted"), "reported", status="working")


def test_a_dialog_is_an_escalation_and_no_stuck_worker(busy: Worker) -> None:
    held = told(busy, "blocked", "hook:PermissionRequest", **ASK)
    assert held.status is Status.WORKING
    assert held.activity.state is ActivityState.BLOCKED
    (asked,) = open_questions(held)
    assert (asked.gate, asked.request, asked.asked_at, asked.raised_by) == (
        Gate.PERMISSION, "aa11", AT, "hook:PermissionRequest",
    )  # fmt: skip
    assert serialization.loads(serialization.dumps(held)) == held


def test_the_first_answer_wins(busy: Worker) -> None:
    held = told(busy, "blocked", **ASK)
    first = told(held, "answered", "human", request="aa11", behavior="allow")
    assert first.activity.state is ActivityState.BUSY
    assert [one.behavior for one in first.answers] == ["allow"]
    with pytest.raises(Refused, match="already been answered"):
        told(first, "answered", "human", request="aa11", behavior="deny")
    with pytest.raises(Refused, match="already been answered"):
        told(told(held, "unblocked", request="aa11"), "answered", "human", request="aa11", behavior="deny")


def test_the_same_call_again_waits_for_a_new_answer(busy: Worker) -> None:
    first = told(told(busy, "blocked", **ASK), "answered", "human", request="aa11", behavior="allow")
    again = told(told(first, "unblocked", request="aa11"), "blocked", **ASK)
    assert answer_to(again, "aa11") is None
    assert len(again.dialogs) == 1


@pytest.mark.parametrize("over", ["accepted", "turn-ended", "ended", "idle", "launched", "started", "cancelled"])
def test_what_ends_every_dialog(over: str, busy: Worker) -> None:
    assert told(told(busy, "blocked", **ASK), over).dialogs == ()


def test_two_dialogs_and_a_question_are_shown_together(busy: Worker) -> None:
    held = told(told(busy, "blocked", **ASK), "blocked", **{**ASK, "request": "bb22", "summary": "second"})
    held = told(held, "escalated", "worker", gate="stuck", summary="third", request="cc33")
    assert [asked.request for asked in open_questions(held)] == ["aa11", "bb22", "cc33"]
    less = told(held, "answered", "human", request="aa11", behavior="allow")
    assert (less.activity.state, less.activity.detail) == (ActivityState.BLOCKED, "second")
    assert told(less, "unblocked", request="bb22").activity.state is ActivityState.BUSY
    assert less.status is Status.STUCK


@pytest.mark.parametrize(("by", "kept"), [("hook:PostToolUse", 1), ("hook:PostToolUseFailure", 0)])
def test_a_plan_approved_in_the_pane_is_approved(by: str, kept: int, busy: Worker) -> None:
    held = told(busy, "blocked", **{**ASK, "gate": "plan"})
    assert len(told(held, "unblocked", by, request="aa11").approvals) == kept
    assert len(told(held, "answered", "human", request="aa11", behavior="allow").approvals) == 1
    assert not told(held, "answered", "human", request="aa11", behavior="deny").approvals


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ("1; 2", ("Dark", "There")),
        ("light;here", ("Light", "Here")),
        ("2\n1, 2", ("Light", "Here, There")),
        ("9; 3,1", ("9", "3, Here")),
        ("a word of my own; 2", ("a word of my own", "There")),
    ],
)
def test_several_questions_are_answered_in_one_go(words: str, answers: tuple[str, ...]) -> None:
    assert answering.parse_answers("124", QUESTION, words) == answers


@pytest.mark.parametrize("words", ["1", "1; 2; 3", " ; "])
def test_an_answer_for_each_question(words: str) -> None:
    with pytest.raises(OrchestraError, match="asks 2 questions"):
        answering.parse_answers("124", QUESTION, words)


def test_a_lone_question_takes_the_words_as_they_are() -> None:
    alone = QUESTION._replace(questions=QUESTION.questions[:1])
    assert answering.parse_answers("124", alone, "3") == ("Both; mixed",)
    assert answering.parse_answers("124", alone, "mine; and more") == ("mine; and more",)


# --- the hook that waits --------------------------------------------------------------------------------------------


class Waiting:
    """A permission hook as an agent starts it, and the store it waits on."""

    def __init__(self, store: Store, environ: dict[str, str]) -> None:
        self.store = store
        self.environ = environ
        self.payload = {"tool_name": "Bash", "tool_input": {"command": "npm publish"}}
        self.children: list[subprocess.Popen[str]] = []
        self.program = entry_points.hook_program()

    def start(self, **payload: Any) -> subprocess.Popen[str]:
        child = self.call(**payload)
        eventually(self.held, why="a waiting hook")
        return child

    def call(self, *words: str, **payload: Any) -> subprocess.Popen[str]:
        self.payload = payload or self.payload
        argv = (*self.program, "claude", "PermissionRequest", "n", *words)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        child = subprocess.Popen(argv, env=self.environ, text=True, **pipes)  # type: ignore[call-overload]
        self.children.append(child)
        child.stdin.write(json.dumps(self.payload))
        child.stdin.close()
        return self.children[-1]

    @property
    def request(self) -> str:
        worker = self.store.read("124")
        return worker.dialogs[-1].request if worker and worker.dialogs else ""

    def held(self) -> bool:
        return bool(self.request) and is_held(self.store.answer_lock("124", self.request))

    def answer(self, behavior: str, **more: Any) -> str:
        event = happened("answered", "human", request=self.request, behavior=behavior, **more)
        return self.store.record("124", event).refused


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    store = Store(str(tmp_path), "p", lambda: 1_767_871_000.0)
    facts = {"id": "124", "title": "x", "nonce": "n", "agent": "claude", "worktreePath": "/w", "branch": "b"}
    store.record("124", happened("spawned", "human", **facts))
    store.record("124", happened("accepted", "hook:x"))
    who = {"ORCHESTRA_HOME": str(tmp_path), "ORCHESTRA_PROJECT": "p", "ORCHESTRA_WORKER": "124"}
    found = Waiting(store, {**os.environ, **who})
    yield found
    for child in found.children:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()


def said(child: subprocess.Popen[str]) -> dict[str, Any]:
    assert child.wait(10) == 0
    assert child.stdout is not None
    out = child.stdout.read()
    return dict(json.loads(out)["hookSpecificOutput"]["decision"]) if out else {}


def bash(command: str, **more: Any) -> dict[str, Any]:
    return {"tool_name": "Bash", "tool_input": {"command": command, **more}}


def test_always_answers_the_same_call_at_once_and_no_other(waiting: Waiting) -> None:
    child = waiting.start(**bash("npm test", description="the first time"))
    worker = waiting.store.read("124")
    assert worker is not None
    assert worker.dialogs[-1].rule == "Bash(npm test)"
    assert not waiting.answer("allow", always=True)
    assert said(child)["behavior"] == "allow"
    assert said(waiting.call(**bash("npm test", description="again", timeout=5)))["behavior"] == "allow"
    assert '"by": "rule"' in Path(f"{waiting.store.directory('124')}.jsonl").read_text()
    for other in (bash("npm test "), bash("npm test; rm -rf /"), bash("npm test", dangerouslyDisableSandbox=True)):
        child = waiting.start(**other)
        assert not waiting.answer("deny")
        assert said(child)["behavior"] == "deny"


def test_a_yes_without_always_allows_nothing_more(waiting: Waiting) -> None:
    child = waiting.start(**bash("npm test"))
    assert not waiting.answer("allow")
    assert said(child)["behavior"] == "allow"
    waiting.start(**bash("npm test"))


@pytest.mark.parametrize(
    "call",
    [
        bash("x" * 500), bash("a\nb"), bash("a\x1b[31m"), bash(""), bash("a", sandbox=False),
        {"tool_name": "mcp__x__y", "tool_input": {"command": "a"}}, {"tool_name": "Bash", "tool_input": {"command": 7}},
    ],
)  # fmt: skip
def test_what_cannot_be_shown_whole_in_a_rule_has_none(waiting: Waiting, call: dict[str, Any]) -> None:
    waiting.start(**call)
    worker = waiting.store.read("124")
    assert worker is not None
    assert worker.dialogs[-1].rule == ""


def test_it_gives_the_answer_and_ends(waiting: Waiting) -> None:
    child = waiting.start()
    assert not waiting.answer("allow")
    assert said(child) == {"behavior": "allow"}
    child = waiting.start()
    assert not waiting.answer("deny", text="Not today.")
    assert said(child) == {"behavior": "deny", "message": "Not today."}


def test_it_gives_the_answer_after_an_upgrade_took_its_files_away(waiting: Waiting, tmp_path: Path) -> None:
    old = tmp_path / "old" / "orchestra"
    shutil.copytree(ROOT / "orchestra", old, ignore=shutil.ignore_patterns("__pycache__"))
    waiting.program = (*waiting.program[:-1], str(old / "hooks" / "entry.py"))
    child = waiting.start()

    def removed() -> bool:
        shutil.rmtree(old, ignore_errors=True)  # Python may be writing a cached module there
        return not old.exists()

    eventually(removed, why="its files to be gone")
    assert not waiting.answer("deny", text="Not today.")
    assert said(child) == {"behavior": "deny", "message": "Not today."}


def test_answers_to_questions_come_as_the_agent_wants_them(waiting: Waiting) -> None:
    questions = [{"question": f"{name}?", "options": [{"label": "a"}], "multiSelect": False} for name in ("A", "B")]
    child = waiting.start(tool_name="AskUserQuestion", tool_input={"questions": questions})
    assert not waiting.answer("allow", answers=["a", "my own"])
    assert said(child)["updatedInput"] == {"questions": questions, "answers": {"A?": "a", "B?": "my own"}}


def test_it_ends_when_the_pane_has_answered(waiting: Waiting) -> None:
    child = waiting.start()
    waiting.store.record("124", happened("unblocked", "hook:PostToolUse", request=waiting.request))
    assert said(child) == {}


def test_it_does_not_outlive_its_agent(waiting: Waiting) -> None:
    child = waiting.start()
    assert child.stdout is not None
    child.stdout.close()  # what a kill -9 of the agent does
    assert child.wait(5) == 0
    assert waiting.request, "nothing is known of the dialog"


def test_it_does_not_outlive_its_parent(waiting: Waiting, tmp_path: Path) -> None:
    """With a shell between the agent and the hook, and an output that is not a pipe."""
    argv = [*entry_points.hook_program(), "claude", "PermissionRequest", "n"]
    starts = f"import subprocess; subprocess.run({argv!r}, input={json.dumps(waiting.payload)!r}, text=True)"
    with (tmp_path / "out").open("w") as out:
        parent = subprocess.Popen([sys.executable, "-c", starts], env=waiting.environ, stdout=out)
        eventually(waiting.held)
        parent.kill()
        parent.wait()
    eventually(lambda: not waiting.held(), 5, "the hook to end")


def test_killed_it_leaves_the_dialog_to_the_pane(waiting: Waiting) -> None:
    child = waiting.start()
    child.kill()
    child.wait()
    assert not waiting.held()
    worker = waiting.store.read("124")
    assert worker is not None
    assert worker.activity.state is ActivityState.BLOCKED


def test_of_many_answers_at_once_one_counts(waiting: Waiting) -> None:
    child = waiting.start()
    gate = threading.Barrier(8)
    request = waiting.request

    def answer(place: int) -> str:
        gate.wait()
        behavior = "allow" if place % 2 else "deny"
        event = happened("answered", "human", request=request, behavior=behavior, text=str(place))
        return waiting.store.record("124", event).refused

    with ThreadPoolExecutor(8) as pool:
        refused = list(pool.map(answer, range(8)))
    assert sum(not why for why in refused) == 1
    winner = refused.index("")
    assert said(child)["behavior"] == ("allow" if winner % 2 else "deny")


TYPED = {"type": "user", "permissionMode": "plan", "message": {"content": "show me the plan first"}}
GUIDED = {**TYPED, "message": {"content": "Guidance g1 from monitor:\nCI failed"}}
ENTERED = {"type": "assistant", "message": {"content": [{"type": "tool_use", "name": "EnterPlanMode", "input": {}}]}}


def plan(waiting: Waiting, tmp_path: Path, *transcript: dict[str, Any]) -> subprocess.Popen[str]:
    """The hook of a plan, where `plan: auto` holds and the transcript is this."""
    path = tmp_path / "transcript.jsonl"
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in transcript))
    asked = {"tool_name": "ExitPlanMode", "tool_input": {"plan": "1. Do it"}, "transcript_path": str(path)}
    return waiting.call("plan:auto", "after:acceptEdits", **asked)


def test_the_agents_own_plan_goes_on_by_itself(waiting: Waiting, tmp_path: Path) -> None:
    child = plan(waiting, tmp_path, TYPED, ENTERED)
    decided = said(child)
    assert decided["behavior"] == "allow"
    assert decided["updatedInput"] == {"plan": "1. Do it"}, "newer versions keep their dialog open without the text"
    assert decided["updatedPermissions"][0]["mode"] == "acceptEdits"
    assert "1. Do it" in Path(f"{waiting.store.directory('124')}.jsonl").read_text()


@pytest.mark.parametrize(
    "transcript",
    [(), (TYPED,), (ENTERED, TYPED), (ENTERED, {"type": "permission-mode", "permissionMode": "acceptEdits"}, GUIDED)],
    ids=["unknown", "user", "agent, then user", "agent, approved; user, then guidance"],
)
def test_a_plan_that_the_user_asked_for_waits(
    waiting: Waiting, tmp_path: Path, transcript: tuple[dict[str, Any], ...]
) -> None:
    child = plan(waiting, tmp_path, *transcript)
    eventually(waiting.held, why="a waiting hook")
    worker = waiting.store.read("124")
    assert worker is not None
    assert worker.dialogs[-1].gate is Gate.PLAN
    assert not waiting.answer("allow")
    assert said(child)["updatedInput"] == {"plan": "1. Do it"}
