"""An answer's way in: from a command, a popup, a key, the board, the pane itself; and several questions in one go."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import boards
from support.boards import record, settled
from support.dialogs import ASKS, blocked, keys
from support.events import happened
from support.person import Person, configure, write_issue
from support.polling import eventually

from orchestra.commands.approve import approve
from orchestra.commands.deny import deny
from orchestra.commands.tell import tell
from orchestra.core.dialogs import answered_in_pane
from orchestra.core.models import AnswerChannel, Worker
from orchestra.errors import OrchestraError
from orchestra.project import entry_points
from orchestra.storage.session_store import Store
from orchestra.ui import dialogs
from orchestra.ui.console import Console
from orchestra.ui.log import entries
from orchestra.ui.screens.app import Orchestra
from orchestra.ui.screens.base import GUARD_SECONDS
from orchestra.ui.screens.needs import NeedsView
from orchestra.ui.screens.verbs import Place
from orchestra.workers.answers import Decision, open_choice

HOLDS = '```script\nstatus working\ndialog "Publish the package?"\nhang\n```\n'
WAYS = ("command", "popup", "board", "pane")


def dialog(request: str, gate: str = "permission") -> dict[str, Any]:
    return {"gate": gate, "summary": f"May I {request}?", "request": request}


@pytest.fixture
def console(repo: Path) -> Console:
    configure(repo)
    found = Console(str(repo), dict(os.environ), time.time)
    record(found, 1, "One", "stuck")
    return found


@pytest.mark.fast
@pytest.mark.parametrize(
    ("kind", "by", "facts", "said"),
    [
        ("unblocked", "hook:PostToolUse", {"request": "a"}, "approves (pane): May I a?"),
        ("unblocked", "hook:PostToolUse", {"request": "a", "answers": ["red"]}, "answers (pane): May I a?: red"),
        ("unblocked", "hook:PostToolUseFailure", {"request": "a"}, "answers (pane): May I a?"),
        ("unblocked", "hook:PostToolUse", {"request": "another"}, "the tool that asked has ended"),
        ("idle", "monitor", {}, "dismissed without approval (pane): May I a? / May I b?"),
        ("turn-ended", "hook:Stop", {}, "dismissed without approval (pane): May I a? / May I b?"),
        ("accepted", "hook:UserPromptSubmit", {}, "answers (pane): May I a? / May I b? / What about One?"),
        ("accepted", "hook:UserPromptSubmit", {"guidance": ["g1"]}, "answers (pane): May I a? / May I b?"),
        ("ended", "hook:SessionEnd", {"reason": "other"}, "reason=other"),
    ],
)
def test_what_shows_that_the_pane_was_answered(
    kind: str, by: str, facts: dict[str, Any], said: str, console: Console
) -> None:
    store = console.project.store
    for request in "ab":
        store.record("1", happened("blocked", "hook:PermissionRequest", **dialog(request)))
    store.decide("1", lambda now: answered_in_pane(now, happened(kind, by, **facts)))
    (line,) = list(entries(door_log(console)))[-1:]
    assert line.endswith(f" {said}"), line


def door_log(console: Console) -> Any:
    from orchestra.commands.log import log

    return log(console.project, "1")


@pytest.mark.fast
def test_who_decides_about_what_they_saw_answers_nothing_else(console: Console) -> None:
    store, project = console.project.store, console.project
    store.record("1", happened("blocked", "hook:x", **dialog("second")))
    seen = Decision(AnswerChannel.POPUP, ("first",))
    verbs: tuple[Callable[[], object], ...] = (
        lambda: approve(project, "1", seen),
        lambda: deny(project, "1", "no", seen),
        lambda: tell(project, "1", "red", seen),
    )
    for verb in verbs:
        with pytest.raises(OrchestraError, match="too late"):
            verb()
    assert tell(project, "1", "red", Decision(AnswerChannel.POPUP, ()), patience=0).answered is False
    worker = store.read("1")
    assert worker is not None
    assert worker.escalation is not None, "words to a worker that was seen to ask nothing are not an answer"
    assert [one.request for one in worker.dialogs] == ["second"]


@pytest.mark.journey
def test_every_way_is_in_the_journal(repo: Path, git: Callable[..., str]) -> None:
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 9}")
    numbers = dict(zip(WAYS, "1234", strict=True))
    for number in numbers.values():
        write_issue(repo, int(number), "Publish", ASKS)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    person = Person(repo)
    person.runs("up", "-d")
    person.runs("spawn", *numbers.values())
    for number in numbers.values():
        blocked(person, number)
    keys(person, numbers["pane"], "1")
    person.runs("approve", numbers["command"])
    by_popup(repo, numbers["popup"])
    by_board(repo, numbers["board"])
    for way, number in numbers.items():
        person.sees(number, "complete")
        assert f"approves ({way}): Bash: Publish the package?" in person.runs("log", number).out, way


def by_popup(repo: Path, number: str) -> None:
    """Yes to what this worker asks, in the popup of `g`."""

    async def story() -> None:
        place = Place(popup=True, worker=number, opener="gates", how=AnswerChannel.POPUP)
        app = Orchestra(Console(str(repo), dict(os.environ), time.time), lambda: NeedsView("gates"), place)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot, "Publish the package?")
            await pilot.pause(GUARD_SECONDS)
            await pilot.press("y")
            await settled(pilot, f"approved for #{number}")
            await pilot.press("ctrl+c")

    asyncio.run(story())


def by_board(repo: Path, number: str) -> None:
    async def story() -> None:
        app = boards.board(Console(str(repo), dict(os.environ), time.time))
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(pilot, f"\u258c{number} ")
            await pilot.press("y")  # the screen with the whole request
            await settled(pilot, "Publish the package?")
            await pilot.pause(GUARD_SECONDS)
            await pilot.press("y")
            await settled(pilot, f"approved for #{number}")
            await pilot.press("ctrl+c")

    asyncio.run(story())


def asks(person: Person, request: str) -> subprocess.Popen[str]:
    """Another permission hook of worker 1, as an agent with several tools at once starts it."""
    worker = person.asks("show", "1")
    home, project = person.environ["ORCHESTRA_HOME"], person.asks("list")["project"]
    argv = (*entry_points.hook_program(), "scripted", "PermissionRequest", worker["nonce"])
    environ = {**person.environ, "ORCHESTRA_HOME": home, "ORCHESTRA_PROJECT": project, "ORCHESTRA_WORKER": "1"}
    pipe = subprocess.PIPE
    child = subprocess.Popen(argv, env=environ, stdin=pipe, stdout=pipe, text=True)
    assert child.stdin is not None
    child.stdin.write(json.dumps({"tool_name": "Bash", "tool_input": {"command": request}}))
    child.stdin.close()
    return child


@pytest.mark.journey
def test_all_that_a_worker_asks_is_shown_together_and_answered_in_one_go(repo: Path, git: Callable[..., str]) -> None:
    configure(repo, "agent: scripted", "tracker: local")
    write_issue(repo, 1, "Publish", HOLDS)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    person = Person(repo)
    person.runs("up", "-d")
    blocked(person)
    store = Store(person.environ["ORCHESTRA_HOME"], person.asks("list")["project"], time.time)
    waiting = [asks(person, "drop table"), asks(person, "send mail")]
    eventually(lambda: len(person.asks("show", "1")["escalations"]) == 3)
    store.record("1", happened("escalated", "worker", gate="question", summary="Which colour?", request="q1"))

    shown = person.runs("show", "1").out
    for question in ("Publish the package?", "drop table", "send mail", "Which colour?", "orchestra approve 1 --all"):
        assert question in shown
    by_popup(repo, "1")
    eventually(lambda: len(person.asks("show", "1")["escalations"]) == 3)
    said = person.runs("approve", "1", "--all").out
    assert said.splitlines() == ["approved for #1: Bash: drop table", "approved for #1: Bash: send mail"]
    for child in waiting:
        with child:
            assert child.stdout is not None
            assert '"allow"' in child.stdout.read()
    assert [one["summary"] for one in person.asks("show", "1")["escalations"]] == ["Which colour?"]


@pytest.mark.fast
def test_a_popup_shows_the_dialogs_too_and_words_answer_what_asks_to_choose(console: Console) -> None:
    store = console.project.store
    assert choice(store) == "r1"
    store.record("1", happened("blocked", "hook:x", **dialog("p1")))
    assert choice(store) == "r1"
    store.record("1", happened("blocked", "hook:x", **dialog("q1", "question"), options=["a", "b"]))
    shown = "\n".join(dialogs.question_lines(read(store)))
    for question in ("May I p1? (permission)", "May I q1? (question)", "What about One? (domain)"):
        assert question in shown
    assert choice(store) == "q1"


def choice(store: Store) -> str:
    asked = open_choice(read(store))
    return asked.request if asked else ""


def read(store: Store) -> Worker:
    found = store.read("1")
    assert found is not None
    return found
