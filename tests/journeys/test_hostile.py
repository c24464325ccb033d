"""Hostile strings through every sink: nothing runs, nothing hides, nothing is drawn that is not the text.

CI runs 300 strings of a fixed seed, the nightly run 10,000: `pytest --nightly tests/test_hostile.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest
from support.bars import bar_saying
from support.events import happened
from support.hostile import strings, unsafe
from support.person import Person, configure, write_issue
from support.polling import eventually
from support.terminal import Terminal, quick_fingers
from support.tmux_session import Tmux

from orchestra import notifications
from orchestra.commands.gates import gates
from orchestra.commands.issues import Listed
from orchestra.commands.list import list_
from orchestra.commands.log import log
from orchestra.commands.show import show
from orchestra.commands.status import status
from orchestra.config import prompts
from orchestra.core.bar import border
from orchestra.core.look import Look
from orchestra.core.models import Border, Issue, PanePlan, WindowPlan, WorkerPlan
from orchestra.core.pull_request import Check, CheckState, Pull, Review, Thread
from orchestra.core.remarks import Kind, Remark
from orchestra.core.state import Role
from orchestra.core.text import clean
from orchestra.core.verdict import Facts, verdict
from orchestra.hooks.orchestrator_context import changes_since_last_prompt
from orchestra.monitor import feedback
from orchestra.notifications import Alert, Channels
from orchestra.project.context import Project, open_project
from orchestra.ui import dialogs, text, worker_page, worker_table
from orchestra.ui import json as render_json
from orchestra.ui import log as render_log
from orchestra.ui.paint import Paint
from orchestra.ui.screens import board_rows
from orchestra.ui.screens.paper import Paper
from orchestra.workers import alerts
from orchestra.workers.trust import reveal

pytestmark = pytest.mark.journey

SEED = 20261122
LONG = pytest.param(10_000, marks=[pytest.mark.nightly, pytest.mark.timeout(3000)])
counts = pytest.mark.parametrize("count", [300, LONG])
NOW = 1_767_870_900.0
FIELDS = 10  # of a worker that a foreign string may be in
OWNED = re.compile(rb"\x1b\](?!9;|777;)\d+;[^\x07\x1b]*(?:owned|b3du|CANARY|http)|\x1b[P_^][^\x1b]*(?:CANARY|i=1|r0m)")


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """What whatever is executed would make."""
    path = tmp_path / "canary"
    yield path
    assert not path.exists()


@pytest.fixture
def project(repo: Path, home: Path) -> Project:
    configure(repo)
    return open_project(str(repo), {**os.environ, "ORCHESTRA_HOME": str(home / "o")}, lambda: NOW)


# --- what is drawn by ourselves ---


def worker(project: Project, number: str, words: Sequence[str]) -> None:
    """A worker on record whose every foreign field holds one of the strings, as it came."""
    title, summary, context, option, tried, need, text, url, detail, name = (
        one.replace("\0", "").encode("utf-8", "replace").decode() for one in words
    )
    store = project.store
    claim = {"id": number, "title": title, "url": url, "author": name, "nonce": f"n{number}", "agent": "scripted"}
    facts = {**claim, "branch": f"issue-{number}", "base": name, "baseCommit": name, "worktreePath": f"/x/{number}"}
    asked = {
        "summary": summary,
        "context": context,
        "options": [option, name],
        "tried": [tried],
        "need": need,
        "request": "r1",
    }
    pull = {"number": 9, "state": "open", "headSha": "1" * 40, "checks": "failing", "reviewDecision": name}
    for kind, said in (
        ("spawned", facts),
        ("accepted", {}),
        ("reported", {"status": "working", "plan": f"/x/{name}"}),
        ("shipped", {"pullRequest": pull, "url": url}),
        ("told", {"from": name or "x", "text": text, "how": detail}),
        ("turn-ended", {"said": detail}),
        ("blocked", {"gate": "permission", **asked, "summary": summary or "x"}),
        ("escalated", {"gate": "domain", **asked, "summary": summary or "x"}),
        ("noted", {"text": detail, "plan": context}),
    ):
        recorded = store.record(number, happened(kind, "hook:x" if number == "1" else name, **said))
        assert not recorded.refused, recorded.refused


def shown(project: Project, words: Sequence[str]) -> Iterator[str]:
    """Everything that people read, as lines."""
    view = list_(project, tokens=True)
    paint = Paint(columns=80)
    yield from worker_table.table(view, words[0], paint)
    yield from worker_table.whole_lines(view, words[0], paint)
    yield from (line.replace("\t", " ") for line in worker_table.plain_lines([("x", view)]))
    yield render_json.table(view)
    yield render_json.rows(gates(project))
    yield status(project).text
    for row in view.rows:
        report = show(project, row.worker.id)
        yield from worker_page.of_report(report, paint, NOW)
        yield render_json.worker(report)
        yield from dialogs.question_lines(row.worker)
        yield from render_log.entries(log(project, row.worker.id))
        yield render_json.logs([(row.worker.id, log(project, row.worker.id))])
        paper = Paper(100, 30, Look())
        yield "".join(span.text for span in board_rows.worker_line(row, worker_table.columns([row], 100), paper))
        edge = border(row.seen, row.shown)
        yield from (edge.label, edge.title, edge.short)
        yield alerts.line(row)
    yield json.dumps(changes_since_last_prompt(project.store), ensure_ascii=False)
    for one in words:
        issue = Issue("7", one, one, one, one, labels=(one,), after=(one,))
        yield from text.issues([Listed(issue, None)], 80)
        yield "".join(span.text for span in board_rows.issue_line(Listed(issue, "7"), 100))
        lines = board_rows.issue_detail(Listed(issue, "7"), 80, Paper(80, 24, Look()))
        yield from ("".join(span.text for span in line) for line in lines)
        yield reveal(one)
        remark = Remark("inline:1", one, "OWNER", False, Kind.INLINE, "", one, one, 3, url=one)
        yield feedback.as_message([feedback.remark(remark, remark)])
        yield feedback.failing_checks("1" * 40, [feedback.FailingCheck(one, one, one, one)])[0].words
        yield feedback.conflict("1" * 40, one, [one]).words
        pull = Pull(7, "open", rows=(Check(one, CheckState.FAILED), Check(one, CheckState.FAILED, counts=False)),
                    threads=(Thread(one, heard=False),), reviews=(Review(one, "CHANGES_REQUESTED"),))  # fmt: skip
        for judged in (pull, pull._replace(rows=()), pull._replace(rows=(), reviews=())):
            found = verdict(Facts(judged, trouble=one), NOW)
            yield "\n".join((found.sentence, *found.notes))
        yield prompts.render(PROMPT, {"title": one, "body": prompts.quote(one, "f3nce"), "author": one})
        yield (
            notifications._osc(Alert("stuck", "1", one, one))
            .replace("\x1b]9;", "")
            .replace("\x1b]777;", "")
            .replace("\a", "")
        )


PROMPT = prompts.load("# {{title}} by {{author}}\n{{body}}\n", "p.md")


@counts
def test_nothing_we_print_holds_what_a_terminal_acts_on(
    project: Project, count: int, canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(click, "style", lambda text, **_: text)  # so that every escape that is left is foreign
    found = list(strings(SEED, count, str(canary)))
    batch = 4 * FIELDS
    for first in range(0, count, batch):
        words = (found[first : first + batch] * batch)[:batch]
        for number in range(1, 5):
            path = Path(project.store.root, f"{number}.jsonl")
            path.unlink(missing_ok=True)
            path.with_suffix(".json").unlink(missing_ok=True)
            worker(project, str(number), words[(number - 1) * FIELDS : number * FIELDS])
        for line in shown(project, words):
            assert not unsafe(line), (first, line)


# --- what tmux draws ---


class Screen:
    """Our tmux session with panes of workers, a user's terminal in front of it, and every byte it was sent."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmux = Tmux("orchestra", "acme-widgets", os.environ)
        self.tmux.workspace.open([WindowPlan("home", (PanePlan(("sleep", "999")),))])
        plans = [WorkerPlan(str(n), f"n{n}", ("sh", "-c", "exec cat"), "/tmp", f"#{n}") for n in range(1, 9)]
        self.panes = tuple(self.tmux.workspace.open_worker(plan, per_window=8) for plan in plans)
        self.sent = tmp_path / "sent"
        self.terminal = Terminal(200, 50)
        self.terminal("pipe-pane", f"cat >{self.sent}")
        self.terminal.run(["tmux", "-L", "orchestra", "attach"])
        self.tmux.clients.goto(self.panes[0])
        self.terminal.shows("#1")

    def answers(self) -> None:
        """The server answers within a second."""
        begun = time.monotonic()
        assert self.tmux.session.running()
        assert time.monotonic() - begun < 5  # a second on a machine of its own

    def shows(self, *words: str) -> None:
        """Text that is ASCII once it is clean is drawn as it is; of any other at least nothing is executed."""
        wanted = [begin for one in words if (begin := clean(one)[:20].strip()).isascii()]

        def missing() -> list[str]:
            text = self.terminal.text
            return [one for one in wanted if one not in text]

        eventually(lambda: not missing(), 20, f"{missing()} to be on\n{self.terminal.text}")


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    quick_fingers()
    made = Screen(tmp_path)
    yield made
    made.terminal.end()


@counts
def test_tmux_draws_the_text_and_runs_nothing(screen: Screen, count: int, canary: Path) -> None:
    tmux, panes = screen.tmux, screen.panes
    found = [f"k{place} {one}" for place, one in enumerate(strings(SEED, count, str(canary)))]
    batch = len(panes) + 1
    for first in range(0, count, batch):
        bar, *labels = (found[first : first + batch] * batch)[:batch]
        bar = bar[:60]  # what does not fit is cut at its begin
        borders = {pane.id: Border(words, words) for pane, words in zip(panes, labels, strict=True)}
        tmux.status_bar.show(bar_saying(bar, Role.ALARM), Look(), borders)
        screen.shows(bar, *labels)
        screen.answers()
    client = tmux.clients._clients("acme-widgets")[0][0]
    for place, words in enumerate(found[:: 1 if count < 1000 else 10]):
        (tmux.clients.say if place % 2 else lambda said: tmux.clients.message(client, panes[0].id, said))(words)
        if place % 10 == 0:
            screen.answers()
    screen.shows(words.replace("#[", "# ["))
    subprocess.run(["tmux", "-L", "orchestra", "run-shell", "sleep 0.3"], check=True)  # jobs take a moment to run
    assert not OWNED.search(screen.sent.read_bytes())


def test_what_a_worker_prints_or_names_itself_stays_in_its_pane(screen: Screen, tmp_path: Path, canary: Path) -> None:
    """Titles and names set by escape sequences of a program in a pane, and text that is captured from it."""
    found = list(strings(SEED, 200, str(canary)))
    for place, pane in enumerate(screen.panes):
        mine = found[place :: len(screen.panes)]
        said = "".join(f"\x1b]2;{one}\x07\x1bk{one}\x1b\\{one}\r\n" for one in mine)
        path = tmp_path / f"said-{place}"
        path.write_bytes(said.encode("utf-8", "surrogatepass") + b"\x07\x1b\\\x1bc\r\n")  # the end of whatever is open
        subprocess.run(
            [
                "tmux",
                "-L",
                "orchestra",
                "respawn-pane",
                "-k",
                "-t",
                pane.id,
                "--",
                "sh",
                "-c",
                f"cat {path}; echo; echo done; cat",
            ],
            check=True,
        )
    for pane in screen.panes:
        eventually(lambda pane=pane: "done" in screen.tmux.pane_io.capture(pane), 10, "its program to have printed")  # type: ignore[misc]
        assert not unsafe(screen.tmux.pane_io.capture(pane, 500))
    tags = ["tmux", "-L", "orchestra", "list-panes", "-a", "-F", "#{pane_id} #{@orchestra_worker}"]
    kept = subprocess.run(tags, capture_output=True, text=True, check=True).stdout.splitlines()
    assert {f"{pane.id} {pane.worker}" for pane in screen.panes} <= set(kept)
    assert screen.tmux.session.hostile_names() == ()
    screen.answers()


def test_windows_of_a_hostile_layout(canary: Path) -> None:
    tmux = Tmux("orchestra", "acme-widgets", os.environ)
    found = [one for one in strings(SEED, 60, str(canary)) if clean(one)]
    tmux.workspace.open([WindowPlan(f"{place} {one}", (PanePlan(("sleep", "99")),)) for place, one in enumerate(found)])
    names = subprocess.run(
        ["tmux", "-L", "orchestra", "list-windows", "-a", "-F", "#{window_name}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(names.stdout.splitlines()) == len(found)
    assert not unsafe(names.stdout)
    assert "#" not in names.stdout
    assert tmux.session.running()


def test_notifications_carry_the_text_alone(screen: Screen, tmp_path: Path, canary: Path) -> None:
    told, command = tmp_path / "told", tmp_path / "command"
    command.write_text(f"#!/bin/sh\ncat >>{told}\necho >>{told}\n")
    command.chmod(0o755)
    ways = Channels(screen.tmux.clients.say, screen.tmux.clients.terminals, command=str(command))
    found = list(strings(SEED, 40, str(canary)))
    for one in found:
        notifications.notify(Alert("stuck", "1", "acme/widgets", one), ways, os.environ, 720)
    words = [json.loads(line)["text"] for line in told.read_text().splitlines()]
    assert words == [one.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass") for one in found]
    screen.answers()
    assert not OWNED.search(screen.sent.read_bytes())


# --- the whole program ---

SHOWN: tuple[tuple[str, ...], ...] = (
    *(("list",), ("show", "1"), ("log", "1"), ("gates",), ("issues",), ("diff", "1"), ("doctor",)),
    *(("wait", "1", "--timeout", "0"), ("status",), ("status", "--tmux"), ("prune", "--dry-run"), ("restore",)),
)
WITH_JSON = ("list", "show", "log", "gates", "issues", "doctor", "wait", "prune")
OURS = re.compile(r"\x1b\[(?:0|1|2|3[1-6])m")  # the only escapes that may be in what we print on a terminal


def titles(canary: Path) -> list[str]:
    """The strings of the seed in six titles, as a user can write them into a file."""
    found = [one.replace("\0", "") for one in strings(SEED, 120, str(canary)) if len(one) < 200]
    found = ["".join(char for char in one if not 0xD800 <= ord(char) < 0xE000 and ord(char) < 0xFFFE) for one in found]
    return [" ".join(found[place::6]) or "x" for place in range(6)]


@pytest.fixture
def hostile(repo: Path, canary: Path) -> Person:
    """A workspace with three workers and three more issues, every word of them hostile."""
    quick_fingers()
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 9}", "keys: {}")
    for number, title in enumerate(titles(canary), 1):
        asked = json.dumps(re.sub(r"[^ -~]|[\\\"]", "", title)[:300])
        body = f"```script\nstatus working\nwrite a.txt x\nescalate {asked} --option {asked}\n```\n"
        write_issue(repo, number, title, body, labels=json.dumps([title[:80]]), author=json.dumps(title[:60]))
    person = Person(repo)
    person.runs("up", "-d")
    person.runs("spawn", "1", "2", "3", timeout=100)
    for one in "123":
        person.sees(one, "stuck")
    person.runs("tell", "2", "-", text=titles(canary)[1])
    return person


def test_every_command_prints_text_alone(hostile: Person) -> None:
    for argv in SHOWN:
        said = hostile.runs(*argv, code=None)
        assert said.code in (0, 1, 4, 5), said
        assert not unsafe(said.out + said.err), argv
        if argv[0] in WITH_JSON:
            found = hostile.runs(*argv, "--json", code=None)
            assert not unsafe(found.out + found.err), argv
            json.loads(found.out, parse_constant=pytest.fail)
    for argv in (("list",), ("show", "1"), ("gates",), ("issues",), ("log", "2")):
        typed = on_a_terminal(hostile, argv)
        assert not unsafe(OURS.sub("", typed).replace("\r", "")), argv
    assert hostile.tmux("display-message", "-p", "alive") == "alive"


def on_a_terminal(person: Person, argv: Sequence[str]) -> str:
    """What a command writes to a terminal."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-P", "-m", "orchestra", *argv]
    child = subprocess.Popen(
        command, cwd=person.where, env=person.environ, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # Linux's word for the end of it
        while part := os.read(ours, 65536):
            said += part
    os.close(ours)
    assert child.wait(10) == 0
    return said.decode()


def test_popups_board_and_pickers_show_text_alone(hostile: Person, canary: Path, tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    terminal = Terminal(160, 50)
    terminal("pipe-pane", f"cat >{sent}")
    terminal.run(["tmux", "-L", "orchestra", "attach"])
    terminal.shows("question")
    for key, words in (("g", "Esc later"), ("l", "hat happened"), ("w", "Enter goes there"), ("?", "then:")):
        terminal.key_table()
        terminal.press(key)
        terminal.shows(words)
        terminal.press("Escape")
        eventually(lambda words=words: words not in terminal.text, why=f"the popup of {key} to close")  # type: ignore[misc]
    terminal.key_table()
    terminal.press("b")
    terminal.shows("\u258c1")  # the board
    terminal.press("Down", "Down", "Enter")
    terminal.shows("#3")
    terminal.end()
    assert not OWNED.search(sent.read_bytes())
    assert hostile.tmux("display-message", "-p", "alive") == "alive"
