"""Guidance arrives exactly once, byte for byte, or is said not to have arrived: whatever the agent makes of its keys."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import sloppy_agent
from support.events import happened
from support.hostile import strings
from support.person import Person, configure, write_issue
from support.polling import eventually

from orchestra.agents.claude.selftest import MessagesApi, marker
from orchestra.agents.claude.selftest.sandbox import clean_environment, private_home
from orchestra.core.guidance import without_controls
from orchestra.core.models import Delivery
from orchestra.project.context import open_project
from orchestra.storage.files import locked
from orchestra.workers import delivery
from orchestra.workers.overview import worker_of

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]


# The program's own reminders, which it appends to the words: in 2.1.332, in 2.1.197.
_REMINDER = re.compile("\n\n(?:The user hasn't heard from you|The task tools haven't been used)")
_PIECE = re.compile(r"^Guidance g\d+ from human:\n", re.MULTILINE)
WAITS = "```script\nstatus working\n" + "wait\n" * 30 + "```\n"  # words are taken, and nothing is done about them
BUSY = WAITS.replace("wait", "pause 20\nwait", 1)  # longer than `spawn` and `show` take on a busy machine
DIALOG = WAITS.replace("wait", 'dialog "May I?"\nwait', 1)


class Agents:
    """A user, and the words that the sloppy agents were given."""

    def __init__(self, repo: Path, place: Path) -> None:
        self.given = place / "given.jsonl"
        program = sloppy_agent.write(place / "sloppy", self.given)
        configure(repo, "agent: scripted", "tracker: local", f"agents: {{scripted: {{command: {program}}}}}")
        self.repo = repo
        self.person = Person(repo)

    def start(self, script: str, doing: str) -> None:
        write_issue(self.repo, 1, "Work", script)
        self.person.runs("up", "-d")
        self.person.runs("spawn", "1")
        eventually(lambda: self.person.asks("show", "1")["activity"]["state"] == doing, 30, f"it to be {doing}")

    def received(self) -> list[str]:
        """Every piece of guidance, as often as it was given."""
        said = [json.loads(line) for line in self.given.read_text().splitlines()]
        return [
            piece.strip("\n") for words in said if words.startswith("Guidance g") for piece in _PIECE.split(words)[1:]
        ]

    def states(self) -> dict[str, str]:
        """By their text, how far all words have come, by the record; one that was read is known by its begin."""
        return {one["text"]: one["state"] for one in self.person.asks("show", "1")["guidance"]}

    def told(self, words: str) -> str:
        """`delivered`, `sent` or `queued`, as `tell` says it."""
        said = self.person.runs("tell", "1", "-", text=words).out
        return next((word for word in ("not delivered yet", "sent", "delivered") if word in said), said).replace(
            "not delivered yet", "queued"
        )


@pytest.fixture
def agents(repo: Path, tmp_path: Path) -> Agents:
    return Agents(repo, tmp_path)


def test_an_agent_that_swallows_one_enter_in_three(agents: Agents) -> None:
    agents.start(WAITS, "waiting")
    words = [
        "first",
        "second\nwith\ttabs\n\n  and lines",
        "end of a paste\x1b[201~\rtouch x\r",
        "third; 'x' $(y) #{z} ;",
    ]
    for one in words:
        assert agents.told(one) == "delivered", agents.person.screen("1")
    eventually(lambda: len(agents.received()) >= len(words), 10, "all of them")
    assert agents.received() == [without_controls(one).strip() for one in words]
    assert not (agents.repo.parent / "widgets-issue-1" / "x").exists()


def test_with_a_dialog_open_nothing_is_typed_and_nothing_claimed(agents: Agents) -> None:
    agents.start(DIALOG, "blocked")
    assert agents.told("go on") == "queued"
    assert agents.states() == {"go on": "queued"}
    assert agents.person.asks("show", "1")["activity"]["state"] == "blocked"
    agents.person.runs("approve", "1")
    eventually(lambda: agents.received() == ["go on"], 40, "it to be given once the dialog is answered")
    eventually(lambda: agents.states()["go on"] != "queued", 10)


def test_a_megabyte(agents: Agents) -> None:
    agents.start(WAITS, "waiting")
    words = "".join(f"{number}: the quick brown fox, ünïcödé 漢字 🙂\n" for number in range(1_000_000 // 45))
    agents.told(words)
    eventually(lambda: agents.received() == [words.strip()], 40, "all of it")
    assert "has no room for" in agents.person.runs("tell", "1", "-", text="x" * 5_000_000, code=1).err
    assert agents.person.status("1")


def test_twenty_senders_at_once_to_a_busy_agent(agents: Agents) -> None:
    agents.start(BUSY, "busy")
    words = [f"message {number} x" + "x" * number for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        said = dict(zip(words, pool.map(agents.told, words), strict=True))
    assert set(said.values()) <= {"delivered", "sent", "queued"}
    eventually(lambda: len(agents.received()) >= len(words), 60, "all of them")
    assert sorted(agents.received()) == sorted(words)
    eventually(lambda: {"queued", "sent"}.isdisjoint(agents.states().values()), 10, "the record to say so")


def test_hostile_words_arrive_as_they_are(agents: Agents) -> None:
    agents.start(WAITS, "waiting")
    words = [f"{place} {text}" for place, text in enumerate(strings(7, 120, "CANARY"))]
    joined = "\n".join(without_controls(one) for one in words)
    assert agents.told(joined) == "delivered"
    eventually(lambda: bool(agents.received()), 10)
    assert "\n".join(agents.received()).replace("\n ", "\n") == joined.strip().replace("\n ", "\n")


@pytest.mark.parametrize("until", ["Stop", pytest.param("UserPromptSubmit", marks=pytest.mark.nightly)])
def test_what_the_agent_took_unseen_is_not_given_again(agents: Agents, until: str) -> None:
    """Its hook could not record that it took the words, here because of a lock: its transcript proves it."""
    write_issue(agents.repo, 1, "Work", WAITS)
    agents.person.runs("spawn", "1")
    eventually(lambda: agents.person.asks("show", "1")["activity"]["state"] == "waiting", 30)
    project = open_project(str(agents.repo), agents.person.environ, time.time)
    told = happened("told", "human", text="once", **{"from": "human"})
    assert not project.store.record("1", told).refused

    def state() -> Delivery:
        return worker_of(project.store, "1").guidance[0].state

    with ThreadPoolExecutor(1) as pool:
        delivering = pool.submit(delivery.deliver, project, "1", "g1", 20)
        eventually(lambda: state() is Delivery.SENT, 10)
        with locked(project.store.file("1", "lock")):
            log = Path(project.home, "orchestra.log")
            eventually(lambda: log.exists() and f"'{until}'" in log.read_text(), 20, "its hook to give up")
            assert state() is Delivery.SENT
        assert delivering.result() in (Delivery.DELIVERED, Delivery.READ)
    agents.person.runs("tell", "1", "twice")
    eventually(lambda: "twice" in agents.received(), 20)
    assert agents.received() == ["once", "twice"]


# --- the real Claude Code ---


@pytest.fixture
def claude(repo: Path, home: Path, claude_program: Path) -> Iterator[tuple[Person, MessagesApi]]:
    """A worker that waits at its prompt."""
    private_home(home, repo)
    configure(
        repo, "tracker: local", f"agents: {{claude: {{command: {claude_program}, env: [CLAUDE_CODE_DISABLE_*]}}}}"
    )
    write_issue(repo, 1, "Work", marker({"text": "I wait."}, {"wait": True}))
    with MessagesApi() as api:
        person = Person(repo, clean_environment(home, api.url))
        person.runs("up", "-d")
        person.runs("spawn", "1")
        eventually(lambda: person.asks("show", "1")["activity"]["state"] == "waiting", 60, "it to wait")
        yield person, api


def heard(api: MessagesApi) -> list[str]:
    """Every piece of guidance in the conversation as the model was last given it."""
    asked = [request for request in api.requests if not request.side]
    return [piece.strip("\n") for text in asked[-1].words for piece in _PIECE.split(text)[1:]] if asked else []


@pytest.mark.real
def test_the_real_agent_is_given_everything_once(claude: tuple[Person, MessagesApi]) -> None:
    person, api = claude
    words = ["x\x1b[201~\ry; $(touch x) #(touch x)", "".join(f"line {number} ünï\n" for number in range(20_000))]
    for count, one in enumerate(words, 1):
        said = person.runs("tell", "1", "-", text=one).out
        eventually(lambda count=count: len(heard(api)) >= count, 60, f"word {count}: {said}")  # type: ignore[misc]
    together = [f"message {number} from a sender" for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: person.runs("tell", "1", one), together))
    eventually(lambda: len(heard(api)) >= len(words) + len(together), 60, "all of them")
    assert heard(api)[: len(words)] == [without_controls(one).strip() for one in words]
    assert sorted(heard(api)[len(words) :]) == together


AWKWARD = (
    "/help",
    "!ls",
    "#note",
    "@README.md",
    "```python",
    "\tif x:",
    "```",
    "umlauts \u00e4\u00f6\u00fc\u00df",
    "- [ ] a",
    "",
)


def lines(count: int) -> str:
    return "\n".join(f"{number} {AWKWARD[number % len(AWKWARD)]}".rstrip() for number in range(count - 1)) + "\nthe end"


SIZES = (
    *("the end", "/clear", "!rm x", "#keep", "@README.md"),
    *(lines(count) for count in (3, 4, 40, 400)),
    *("\n".join(AWKWARD) + "\nthe end", "x" * 100_000, "\n".join("y" * 99 for _ in range(1000))),
    *["the same again"] * 4,
)


@pytest.mark.real
@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize("busy", [False, True], ids=["it waits", "it works"])
def test_answers_of_every_size_are_given_once(claude: tuple[Person, MessagesApi], *, busy: bool) -> None:
    person, api = claude
    begun = len(heard(api))
    if busy:
        step = {"tool": "Bash", "input": {"command": "sleep 2", "description": "step"}}
        person.runs("tell", "1", marker(*[step] * 25, {"wait": True}))
        begun += 1
        eventually(lambda: person.asks("show", "1")["activity"]["state"] == "busy", 30, "it to work")
    for count, one in enumerate(SIZES, begun + 1):
        said = person.runs("tell", "1", "-", text=one).out
        if not busy:
            eventually(lambda count=count: len(heard(api)) >= count, 90, f"word {count}: {said}")  # type: ignore[misc]
    eventually(lambda: len(heard(api)) >= begun + len(SIZES), 240, "all of them")
    for got, one in zip(heard(api)[begun:], SIZES, strict=True):
        own = _REMINDER.split(got)[0]
        assert own.replace("\t", "    ") == one.replace("\t", "    "), "the prompt box turns a tab into four spaces"
    states = [one["state"] for one in person.asks("show", "1")["guidance"][begun:]]
    assert set(states) <= {"delivered", "read"}, states
