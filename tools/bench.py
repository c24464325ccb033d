"""The budgets, as ratios in one run: `make bench`. Prints a table; judges nothing, because machines differ.

Each figure is the median of interleaved runs against a base measured beside it.
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PY = sys.executable


class Place:
    """A throw-away home, repository and tmux socket directory."""

    def __init__(self, files: int = 100) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="ob-", dir="/tmp"))
        self.repo = self.base / "widgets"
        self.repo.mkdir()
        keep = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        self.environ = {**keep, "HOME": str(self.base), "TMUX_TMPDIR": str(self.base), "TERM": "xterm-256color",
                        "SHELL": "/bin/sh", "ORCHESTRA_HOME": str(self.base / "o"), "LC_ALL": "C.UTF-8"}  # fmt: skip
        (self.base / ".gitconfig").write_text("[user]\nname = a\nemail = a@b\n[init]\ndefaultBranch = main\n")
        for number in range(files):
            path = self.repo / f"d{number % 100}" / f"f{number}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"line {number}\n" * 20)
        issues = self.repo / ".orchestra" / "issues"
        issues.mkdir(parents=True)
        for number in range(1, 14):
            (issues / f"{number:04}-x.md").write_text(f"---\ntitle: Issue {number}\n---\n```script\nhang\n```\n")
        (self.repo / "orchestra.yaml").write_text("agent: scripted\ntracker: local\nworkers: {max: 50}\n")
        self.git("init", "-q")
        self.git("add", ".")
        self.git("commit", "-qm", "x")

    def git(self, *argv: str) -> None:
        subprocess.run(["git", "-C", str(self.repo), *argv], env=self.environ, check=True, capture_output=True)

    def run(self, *argv: str, given: bytes = b"", more: dict[str, str] | None = None) -> None:
        subprocess.run(
            argv, cwd=self.repo, env={**self.environ, **(more or {})}, input=given, capture_output=True, check=False
        )

    def project(self, *argv: str) -> None:
        self.run(PY, "-P", "-m", "orchestra", *argv)

    def tmux(self, *argv: str) -> str:
        return self.asked("tmux", "-L", "orchestra", *argv)

    def asked(self, *argv: str) -> str:
        return subprocess.run(argv, env=self.environ, capture_output=True, text=True, check=False).stdout

    def opened(self) -> Any:
        """The project in this process."""
        from orchestra.project.context import open_project

        return open_project(str(self.repo), self.environ, time.time)

    def claim(self, title: str, numbers: Iterable[int], *, base: str = "x") -> None:
        """A worker on each of these issues, as it is on record; its worktree is beside the repository."""
        from orchestra.core import events
        from orchestra.core.models import Status, Worker

        store = self.opened().store
        for number in numbers:
            worker = Worker(
                str(number), f"{title} {number}", Status.WORKING, "", nonce="n", agent="scripted", base="main",
                branch=f"issue-{number}", worktree=f"{self.repo}-{number}", base_commit=base,
            )  # fmt: skip
            store.record(str(number), events.spawned("x", worker, queued=False))

    def close(self) -> None:
        self.tmux("kill-server")


def timed(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return (time.perf_counter() - begin) * 1000


def pair(
    name: str,
    budget: str,
    act: Callable[[], object],
    base: Callable[[], object],
    runs: int = 7,
    before: Callable[[], object] = lambda: None,
) -> None:
    """Run both in turn, each after `before`, and print the medians and their ratio."""
    before()
    act(), base()
    ours, theirs = [], []
    for _ in range(runs):
        before()
        theirs.append(timed(base))
        before()
        ours.append(timed(act))
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    print(
        f"{name:<58} {statistics.median(ours):8.1f} ms  base {statistics.median(theirs):7.1f} ms  x{ratio:5.2f}  {budget}",
        flush=True,
    )


def bench_start() -> None:
    place = Place(1)
    click = "import click\n@click.command()\n@click.version_option('1')\ndef main(): pass\nmain()"
    pair("--version", "<= 1.2 x a bare Click program", lambda: place.project("--version"),
         lambda: place.run(PY, "-c", click, "--version"))  # fmt: skip


def bench_hook() -> None:
    place = Place(1)
    place.claim("T", [1])
    who = {"ORCHESTRA_PROJECT": place.opened().key, "ORCHESTRA_WORKER": "1"}
    payload = json.dumps({"session_id": "x", "hook_event_name": "Stop", "last_assistant_message": "done"}).encode()
    hook = (PY, "-I", "-S", str(ROOT / "orchestra" / "hooks" / "entry.py"), "claude", "Stop", "n")
    pair("hook: an event recorded", "<= 2 x python -c pass", lambda: place.run(*hook, given=payload, more=who),
         lambda: place.run(PY, "-c", "pass"), runs=25)  # fmt: skip
    beat = (
        f"echo >{place.base}/beat; if [ -e {place.base}/mailbox ] || [ -e {place.base}/blocked ]; then exec false; fi"
    )
    pair("hook: heartbeat", "<= 3 ms", lambda: place.run("sh", "-c", beat), lambda: place.run("sh", "-c", ":"), runs=25)


def bench_list() -> None:
    few, many = Place(1), Place(1)
    few.claim("T", range(1, 2))
    many.claim("T", range(1, 201))
    pair("list with 200 workers", "< 2 x with 1", lambda: many.project("list"), lambda: few.project("list"))


def bench_board() -> None:
    """From the start to the first picture with workers on it, in a terminal of 200 by 60; then from a key to its picture."""
    bare = ("from textual.app import App\nfrom textual.widgets import Static\n"
            "class A(App):\n  def compose(self): yield Static('bare app')\nA().run()")  # fmt: skip
    for count in (20, 50, 1000):
        place = Place(1)
        record_workers(place, count)
        pair(
            f"board, {count} workers: the first picture", "< 500 ms",
            lambda place=place: first_words(place, "Worker 1", PY, "-P", "-m", "orchestra", "board"),  # type: ignore[misc]
            lambda place=place: first_words(place, "bare app", PY, "-c", bare),  # type: ignore[misc]
        )  # fmt: skip
        screen = Screen(place, PY, "-P", "-m", "orchestra", "board")
        screen.shows("issues")
        took = [screen.after(key, f"{at} of ") for at, key in [(2, "j"), (3, "j"), (4, "j"), (3, "k"), (2, "k")] * 4]
        screen.close()
        print(f"{f'board, {count} workers: a key':<58} {statistics.median(took):8.1f} ms{'':30}< 50 ms", flush=True)


class Client:
    """A user's terminal of 160 by 45 on the workspace of a place, drawn by another tmux."""

    OUTER = ("tmux", "-L", "terminal", "-f", "/dev/null")

    def __init__(self, place: Place) -> None:
        self.place = place
        attach = ("env", "-u", "TMUX", "tmux", "-L", "orchestra", "attach")
        place.run(*self.OUTER, "new-session", "-d", "-x", "160", "-y", "45", *attach)

    def press(self, *keys: str) -> None:
        self.place.run(*self.OUTER, "send-keys", *keys)

    def shown(self, words: str) -> bool:
        return words in self.place.asked(*self.OUTER, "capture-pane", "-p")

    def until(self, words: str) -> None:
        while not self.shown(words):
            pass

    def opened(self, key: str, words: str) -> float:
        """Milliseconds from a key to the first picture of what it opens."""
        self.press("C-b", "O")
        self.until("which key?")
        begin = time.perf_counter()
        self.press(key)
        self.until(words)
        return (time.perf_counter() - begin) * 1000

    def board(self) -> float:
        """The same for the board; its window is closed again."""
        took = self.opened("b", "all keys")
        self.place.tmux("kill-window", "-t", ":board")
        while self.shown("all keys"):
            pass
        return took

    def popup(self, key: str, words: str) -> float:
        """The same for a popup; it is closed again."""
        took = self.opened(key, words)
        while self.shown(words):
            select.select((), (), (), 0.4)  # a screen takes no key in its first moment
            self.press("Escape")
        select.select((), (), (), 0.3)  # tmux waits for more after an Esc
        return took


def bench_popups() -> None:
    """From a key to the first picture of its popup, on the screen of a client; base: without the preloaded process."""
    place = Place(1)
    for number, last in enumerate(("escalate Which", "ship"), 1):
        script = f"```script\nwrite a.txt a\ncommit a\n{last}\n```\n"
        (place.repo / ".orchestra" / "issues" / f"000{number}-x.md").write_text(f"---\ntitle: Issue\n---\n{script}")
    place.project("up", "-d")
    place.project("spawn", "1", "2")
    client, socket = Client(place), place.base / "o" / "tmux" / "preloaded.sock"
    hidden = socket.with_suffix(".hidden")
    client.until("stuck")
    client.until("\u2714 #2")
    while not socket.exists():
        pass
    for what, budget, act in (
        ("popup, what needs you", 200, partial(client.popup, "g", "Esc later")),
        ("popup, review", 200, partial(client.popup, "d", "all keys")),
        ("popup, review with the change", 250, partial(client.popup, "d", "a.txt")),
        ("popup, new task", 200, partial(client.popup, "c", "New task")),
        ("popup, picker", 200, partial(client.popup, "w", "Go to")),
        ("popup, log", 200, partial(client.popup, "l", "What happened")),
        ("board", 250, client.board),
    ):
        warm, cold = [], []
        for _ in range(7):
            warm.append(act())
            socket.rename(hidden)
            cold.append(act())
            hidden.rename(socket)
        ratio = statistics.median(a / b for a, b in zip(warm, cold, strict=True))
        print(
            f"{f'key -> {what}: the first picture':<58} {statistics.median(warm):8.1f} ms  "
            f"base {statistics.median(cold):7.1f} ms  x{ratio:5.2f}  < {budget} ms",
            flush=True,
        )
    place.run(*client.OUTER, "kill-server")
    place.close()


def record_workers(place: Place, count: int) -> None:
    """Workers on record without an agent; every fifth asks something."""
    code = f"""
import os, subprocess, time
from orchestra.core.models import Event
from orchestra.project.context import open_project
project = open_project(os.getcwd(), os.environ, time.time)
head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
for number in range(100, 100 + {count}):
    facts = dict(id=str(number), title=f"Worker {{number}}", nonce="n", worktreePath="/nowhere", baseCommit=head,
                 branch=f"issue-{{number}}", base=project.config.base or "main", agent="scripted", agentSession="s", queued=False)
    project.store.record(str(number), Event("spawned", "", "human", facts))
    project.store.record(str(number), Event("accepted", "", "hook", dict(guidance=[])))
    if number % 5 == 0:
        asked = dict(gate="domain", summary=f"What about {{number}}?", options=["red", "blue"], request="r")
        project.store.record(str(number), Event("escalated", "", "worker", asked))
"""
    place.run(PY, "-c", code)


class Screen:
    """A program in a terminal of 200 by 60, which is read as it draws."""

    def __init__(self, place: Place, *argv: str) -> None:
        self.ours, its = os.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 200, 0, 0))
        self.program = subprocess.Popen(
            argv, cwd=place.repo, env=place.environ, stdin=its, stdout=its, stderr=its, start_new_session=True
        )
        os.close(its)

    def shows(self, words: str) -> None:
        """Read until it has drawn these words."""
        drawn = b""
        while words.encode() not in drawn:
            drawn = drawn[-len(words) :] + os.read(self.ours, 65536)

    def after(self, key: str, words: str) -> float:
        """Milliseconds from a key to these words."""
        begin = time.perf_counter()
        os.write(self.ours, key.encode())
        self.shows(words)
        return (time.perf_counter() - begin) * 1000

    def close(self) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self.ours)


def first_words(place: Place, words: str, *argv: str) -> None:
    """Run a program in a terminal until it has drawn these words."""
    screen = Screen(place, *argv)
    screen.shows(words)
    screen.close()


def bench_up() -> None:
    ours, raw = Place(1), Place(1)
    for number in range(1, 13):
        ours.project("spawn", str(number), "--no-wait")
    ours.tmux("kill-server")
    chained: list[str] = ["new-session", "-d", "-x", "200", "-y", "50", "sleep", "99"]
    for _ in range(12):
        chained += [";", "new-window", "-d", "sleep", "99"]

    def nothing_runs() -> None:
        """Both servers gone, and with them the agents, whose last hooks would take the processor meanwhile."""
        ours.tmux("kill-server")
        raw.tmux("kill-server")
        while subprocess.run(["pgrep", "-f", str(ours.base)], capture_output=True, check=False).stdout:
            pass

    def cold() -> None:
        ours.project("up", "-d")

    def chain() -> None:
        raw.tmux("-f", "/dev/null", *chained)

    pair("up -d, 1 + 12 panes", "<= 3 x one chained tmux call", cold, chain, runs=5, before=nothing_runs)
    ours.close()
    raw.close()


def bench_spawn(files: int) -> None:
    place = Place(files)
    place.project("up", "-d")
    numbers = iter(range(1, 14))
    raw = iter(range(100))

    def spawn() -> None:
        place.project("spawn", str(next(numbers)))

    def pane() -> None:
        place.project("spawn", str(next(numbers)), "--no-wait")

    def worktree() -> None:
        place.git("worktree", "add", "-q", str(place.base / f"raw{next(raw)}"), "-b", f"raw{next(raw)}")

    pair(f"spawn, {files} files: the pane is there", "<= 200 ms", pane, worktree, runs=4)
    pair(f"spawn, {files} files: the agent has its prompt", "(whole, scripted agent)", spawn, worktree, runs=4)
    place.close()


def bench_bar() -> None:
    """From the start of a hook to the option that the bar shows, and to the screen of an attached client."""
    place = Place(1)
    place.project("up", "-d")
    place.project("spawn", "1")
    terminal = ("tmux", "-L", "terminal", "-f", "/dev/null")
    attach = ("env", "-u", "TMUX", "tmux", "-L", "orchestra", "attach")
    place.run(*terminal, "new-session", "-d", "-x", "120", "-y", "30", *attach)
    record = json.loads(next((place.base / "o" / "sessions").glob("*/1.json")).read_text())
    project = next((place.base / "o" / "sessions").iterdir()).name
    who = {"ORCHESTRA_PROJECT": project, "ORCHESTRA_WORKER": "1"}
    times: list[float] = []
    drawn: list[float] = []

    def line() -> str:
        """The status line on the client's screen."""
        return place.asked(*terminal, "capture-pane", "-p").rstrip("\n").rpartition("\n")[2]

    for turn in range(15):
        event, payload = (("Stop", {}), ("UserPromptSubmit", {"prompt": "x"}))[turn % 2]
        while "as it was" not in line():  # again and again: a pass of the monitor puts it right
            place.tmux("set-option", "-t", f"={project}:", "@orchestra_bar", "as it was")
        hook = (PY, "-I", "-S", str(ROOT / "orchestra" / "hooks" / "entry.py"), "claude", event, record["nonce"])
        begin = time.perf_counter()
        place.run(*hook, given=json.dumps(payload).encode(), more=who)
        while "as it was" in place.tmux("show-options", "-t", f"={project}:", "-v", "@orchestra_bar"):
            pass
        times.append((time.perf_counter() - begin) * 1000)
        while "as it was" in line():
            pass
        drawn.append((time.perf_counter() - begin) * 1000)
    for what, took in (("the bar's option", times), ("the bar on a client's screen", drawn)):
        best = f"fastest {min(took):.1f} ms"
        print(f"{f'hook started -> {what}':<58} {statistics.median(took):8.1f} ms  {best:<31} < 60 ms", flush=True)
    place.run(*terminal, "kill-server")
    place.close()


def bench_tab() -> None:
    """A Tab in the shell, which offers the workers."""
    place = Place(1)
    click = "import click\n@click.command()\n@click.version_option('1')\ndef main(): pass\nmain()"
    typed = {"COMP_WORDS": "orchestra show 1", "COMP_CWORD": "2", "_ORCHESTRA_COMPLETE": "bash_complete"}
    pair("Tab after `orchestra show 1`", "< 2 x a bare Click program",
         lambda: place.run(PY, "-P", "-m", "orchestra", more=typed), lambda: place.run(PY, "-c", click, "--version"))  # fmt: skip


def bench_spawn_small() -> None:
    bench_spawn(100)


def bench_spawn_large() -> None:
    bench_spawn(10_000)


RADAR_WORKERS = 20


def bench_radar() -> None:
    """A look for conflicts: 20 workers, 190 pairs, 10,000 files; beside it `git merge-tree` for the pairs that meet.

    Each worker has changed ten files of its own and the two that it shares with the next one, in the same line.
    """
    from orchestra.monitor import conflicts
    from orchestra.workers.radar import known

    place = Place(10_000)
    tip = place.asked("git", "-C", str(place.repo), "rev-parse", "HEAD").strip()
    project = place.opened()
    told: list[str] = []
    for number in range(1, RADAR_WORKERS + 1):
        tree = Path(f"{place.repo}-{number}")
        project.repository.add(tree, f"issue-{number}", tip, f"orchestra #{number}")
        project.repository.checkout(tree)
        own = [500 + number * 10 + file for file in range(10)]
        for file in (*own, number % RADAR_WORKERS, (number + 1) % RADAR_WORKERS):
            (tree / f"d{file % 100}" / f"f{file}.txt").write_text(f"of {number}\n")
        place.run("git", "-C", str(tree), "commit", "-qam", "x")
    place.claim("Worker", range(1, RADAR_WORKERS + 1), base=tip)
    first = timed(lambda: conflicts.look(project, told.append))
    meetings = [one for one in known(project).meetings if one.conflict]
    before = os.times()
    idle = statistics.median(timed(lambda: conflicts.look(project, told.append)) for _ in range(15))
    cpu = (sum(os.times()[:4]) - sum(before[:4])) * 1000 / 15  # of this process and of git

    def changed() -> None:
        heartbeat = project.store.file("1", "heartbeat")
        Path(heartbeat).write_text("x")
        conflicts.look(project, told.append)

    one = statistics.median(timed(changed) for _ in range(7))
    pairs = [(f"issue-{meeting.first}", f"issue-{meeting.second}") for meeting in meetings]
    alone = []
    for branches in pairs:
        argv = ("git", "-C", str(place.repo), "merge-tree", "--write-tree", *branches)
        alone.append(timed(functools.partial(place.run, *argv)))
    print(
        f"{f'radar, {RADAR_WORKERS} workers, 10,000 files: first look':<58} {first:.0f} ms, {len(pairs)} conflicts",
        flush=True,
    )
    print(
        f"{'radar: git merge-tree alone, for those pairs':<58} {sum(alone):.0f} ms ({statistics.median(alone):.1f} ms each)"
    )
    print(f"{'radar: a look after one worker did something':<58} {one:.1f} ms")
    share = f"{cpu:.0f} ms of CPU, {cpu / 100:.2f} % of a core every 10 s (< 1 %)"
    print(f"{'radar: a look when nothing changed':<58} {idle:.1f} ms; {share}", flush=True)


def bench_polls() -> None:
    """Requests of one look at GitHub, first and when nothing changed, whatever the number of workers."""
    sys.path[:0] = [str(ROOT / "tests")]
    from support.github_double import Double
    from support.github_double.clients import api_client

    from orchestra.github.poller import Poller

    for count in (1, 12, 50):
        with Double() as double:
            for number in range(1, count + 1):
                double.push(f"issue-{number}")
                double.add_pull(f"issue-{number}")
                double.add_run(f"issue-{number}")
            with tempfile.TemporaryDirectory() as cache:
                watch = Poller(api_client(double.url, double.token, Path(cache), time.time), time.time)
                first = watch.poll()
                again = watch.poll()
                print(
                    f"{f'poll, {count} pull requests':<58} first {first.requests} requests; again {again.requests}, "
                    f"{again.unchanged} of them 304",
                    flush=True,
                )
                watch.close()


def main() -> None:
    """All of them, or those named: `python tools/bench.py hook up`."""
    benches = (
        bench_start,
        bench_hook,
        bench_list,
        bench_bar,
        bench_tab,
        bench_board,
        bench_popups,
        bench_up,
        bench_spawn_small,
        bench_spawn_large,
        bench_polls,
        bench_radar,
    )
    for bench in benches:
        if not sys.argv[1:] or bench.__name__.removeprefix("bench_") in sys.argv[1:]:
            bench()


if __name__ == "__main__":
    main()
