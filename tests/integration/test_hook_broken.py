"""Hooks when everything around them is broken: exit 0, nothing on stdout, within a bound."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support import mounts
from support.events import happened
from support.polling import eventually

import orchestra
from orchestra.agents.claude import launch
from orchestra.core.models import AgentContext, AgentOptions, Delivery
from orchestra.project import entry_points
from orchestra.storage import project_info
from orchestra.storage.project_info import ProjectInfo
from orchestra.storage.session_store import Store

pytestmark = pytest.mark.journey

SECONDS = 9.0  # the agent gives a hook up after ten
PROJECT = "acme-widgets"
HELD = {"tool_name": "Bash", "tool_input": {"command": "make"}, "session_id": "s"}
PAYLOADS: Mapping[str, Mapping[str, Any]] = {
    "SessionStart": {"source": "startup", "session_id": "s"},
    "UserPromptSubmit": {"prompt": "Guidance g1 from human:\nx", "session_id": "s"},
    "Notification": {"notification_type": "permission_prompt", "message": "m"},
    "Stop": {"last_assistant_message": "done", "stop_hook_active": False},
    "StopFailure": {"error": "rate_limit"},
    "SessionEnd": {"reason": "other"},
}


class Place(NamedTuple):
    """A worker #124 with guidance waiting, its hooks' shell lines, and how they are run."""

    store: Store
    home: Path
    package: Path  # a copy of orchestra, which the hooks run

    def lines(self) -> dict[str, str]:
        """The shell line of every hook there is: of a worker's agent, of the orchestrator's, of tmux."""
        script = str(self.package / "hooks" / "entry.py")
        found: dict[str, str] = {}
        for worker in ("124", "orchestrator"):
            hook = (*entry_points.hook_program()[:-1], script)
            context = AgentContext(worker, "n124", "s", "/", self.store.directory("124"), str(self.home), PROJECT, "main",
                        (*hook, "claude" if worker == "124" else worker), ("orchestra",))  # fmt: skip
            files = launch.launch(context, AgentOptions("claude"), resume=False, say="x").files
            for event, (entry,) in json.loads(files["settings.json"])["hooks"].items():
                found[f"{worker} {event}"] = entry["hooks"][0]["command"]
        found["tmux pane-died"] = " ".join(
            (
                "env",
                f"ORCHESTRA_HOME={self.home}",
                f"ORCHESTRA_PROJECT={PROJECT}",
                *entry_points.hook_program()[:-1],
                script,
            )
        ) + (" tmux pane-died %0 >/dev/null 2>&1 || :")
        return found


class Way(NamedTuple):
    """How the hooks are started: what they are given, whether that ever ends, and what is done before."""

    given: Callable[[str], bytes] = lambda event: json.dumps({**HELD, **PAYLOADS.get(event, {})}).encode()
    ends: bool = True
    before: Callable[[], object] | None = None
    tmux: bool = True  # its own hook is called, too
    waits: bool = False  # the permission hook may wait for its answer: everything it needs is there


@pytest.fixture
def place(home: Path, tmp_path: Path) -> Place:
    store = Store(str(home / "o"), PROJECT, time.time)
    for number in ("124", "125"):
        store.record(number, happened("spawned", "human", id=number, title="t", nonce=f"n{number}", agent="claude"))
        store.record(number, happened("told", "human", text="words", **{"from": "human"}))
    known = ProjectInfo("/", "orchestra", os.environ["TMUX_TMPDIR"], 600.0, "", "")
    project_info.write(store.cache, known)
    package = tmp_path / "lib" / "orchestra"
    shutil.copytree(Path(orchestra.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    return Place(store, home / "o", package)


class Hook:
    """One hook that runs: its payload written as far as it takes it, its answer not read yet."""

    def __init__(self, place: Place, way: Way, name: str, line: str) -> None:
        own = {"ORCHESTRA_HOME": str(place.home), "ORCHESTRA_PROJECT": PROJECT, "ORCHESTRA_WORKER": "124"}
        given, self.given = os.pipe()
        self.answer, answer = os.pipe()
        self.child = subprocess.Popen(
            ["/bin/sh", "-c", line],
            env={**os.environ, **own},
            stdin=given,
            stdout=answer,
            preexec_fn=way.before,  # noqa: PLW1509 - no threads
        )
        os.close(given)
        os.close(answer)
        payload = way.given(name.split(" ")[1])
        with suppress(BrokenPipeError):
            while payload:
                payload = payload[os.write(self.given, payload) :]
        if way.ends:
            os.close(self.given)

    def leave(self) -> bytes:
        """What it has answered so far; then its agent is gone."""
        os.set_blocking(self.answer, False)
        try:
            return os.read(self.answer, 65536)
        except BlockingIOError:
            return b""
        finally:
            os.close(self.answer)

    def answered(self) -> bytes:
        with os.fdopen(self.answer, "rb") as answer:
            return answer.read()


def outcomes(place: Place, way: Way) -> Iterator[tuple[str, int, bytes, float]]:
    """Every hook at once, then the one that may wait: how it ended, what it printed, after how long."""
    lines = place.lines()
    if not way.tmux:
        del lines["tmux pane-died"]
    last = {"124 PermissionRequest": lines.pop("124 PermissionRequest")}
    for together in (lines, last):
        began = time.monotonic()
        hooks = {name: Hook(place, way, name, line) for name, line in together.items()}
        for name, hook in hooks.items():
            waits = together is last and way.waits
            if waits:
                eventually(lambda: list(Path(place.store.directory("124")).glob("ask-*")), 8, "a hook that waits")
            said = hook.leave() if waits else hook.answered()
            yield name, hook.child.wait(2 * SECONDS), said, time.monotonic() - began
            if not way.ends:
                os.close(hook.given)


# --- what is broken ---


@contextmanager
def nothing(place: Place) -> Iterator[Way]:
    yield Way(waits=True)


@contextmanager
def uninstalled(place: Place) -> Iterator[Way]:
    shutil.rmtree(place.package)
    yield Way()


@contextmanager
def half_uninstalled(place: Place) -> Iterator[Way]:
    (place.package / "storage" / "session_store.py").unlink()
    yield Way()


@contextmanager
def no_python(place: Place) -> Iterator[Way]:
    before, sys.executable = sys.executable, "/no/such/python"
    try:
        yield Way()
    finally:
        sys.executable = before


@contextmanager
def no_home(place: Place) -> Iterator[Way]:
    shutil.rmtree(place.home)
    yield Way()


@contextmanager
def home_is_a_file(place: Place) -> Iterator[Way]:
    shutil.rmtree(place.home)
    place.home.write_text("x")
    yield Way()


@contextmanager
def on_its_own_disk(place: Place) -> Iterator[None]:
    kept = place.home.with_name("kept")
    shutil.copytree(place.home, kept)
    with mounts.tmpfs(place.home, "size=256k", "nr_inodes=60"):
        shutil.copytree(kept, place.home, dirs_exist_ok=True)
        yield


@contextmanager
def read_only(place: Place) -> Iterator[Way]:
    with on_its_own_disk(place):
        subprocess.run(["mount", "-o", "remount,ro", str(place.home)], check=True)
        yield Way()


@contextmanager
def full(place: Place) -> Iterator[Way]:
    with on_its_own_disk(place):
        with suppress(OSError), (place.home / "filling").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 512)
        yield Way()


@contextmanager
def nothing_may_be_written(place: Place) -> Iterator[Way]:
    """What a quota or a full disk does, for who may not mount."""

    def forbid() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    yield Way(before=forbid)


@contextmanager
def spoilt_files(place: Place) -> Iterator[Way]:
    path = Path(place.store.root, "124.json")
    path.unlink()
    os.mkfifo(path)
    path.with_suffix(".jsonl").write_bytes(bytes(3000))
    yield Way()


@contextmanager
def a_cut_snapshot(place: Place) -> Iterator[Way]:
    """Its journal is whole: it is made anew from it, and nothing that is told is lost."""
    path = Path(place.store.root, "124.json")
    path.write_text(path.read_text()[:-40] + '"nonce": "n1')
    yield Way(waits=True)


@contextmanager
def locked_by_a_stopped_process(place: Place) -> Iterator[Way]:
    with open(place.store.file("124", "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Way()


@contextmanager
def tmux_stands_still(place: Place) -> Iterator[Way]:
    start = ["tmux", "-L", "orchestra", "-f", "/dev/null", "new-session", "-d", "-P", "-F", "#{pid}", "sleep 99"]
    server = int(subprocess.run(start, capture_output=True, text=True, check=True).stdout)
    os.kill(server, signal.SIGSTOP)
    try:
        yield Way(waits=True, tmux=False)
    finally:
        os.kill(server, signal.SIGCONT)


@contextmanager
def a_pipe_that_stays_open(place: Place) -> Iterator[Way]:
    yield Way(ends=False, waits=True)


@contextmanager
def a_payload_of_50_mb(place: Place) -> Iterator[Way]:
    huge = json.dumps({**HELD, "tool_input": {"command": "x" * 50_000_000}, "prompt": "y"}).encode()
    yield Way(given=lambda _: huge)


@contextmanager
def a_payload_of_nonsense(place: Place) -> Iterator[Way]:
    yield Way(given=lambda _: b"\xff\xfe{" + b"[" * 300_000)


BROKEN = (
    *(nothing, uninstalled, half_uninstalled, no_python, no_home, home_is_a_file, read_only, full, a_cut_snapshot),
    *(nothing_may_be_written, spoilt_files, locked_by_a_stopped_process, tmux_stands_still, a_pipe_that_stays_open),
    *(a_payload_of_50_mb, a_payload_of_nonsense),
)


ANSWERS = ("124 Stop", "124 PostToolUse", "124 PostToolUseFailure", "orchestrator UserPromptSubmit")  # guidance, news


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_every_hook_ends_with_0_and_says_nothing(place: Place, broken: Callable[[Place], Any]) -> None:
    before = len(place.store.journal("124"))
    with broken(place) as way:
        for name, code, said, seconds in outcomes(place, way):
            assert code == 0, (name, code)
            assert said == b"" or (name in ANSWERS and json.loads(said)), (name, said)
            assert seconds < SECONDS, (name, seconds)
        if way.waits:  # all that they need is there: the events are on record, whatever was told with them
            told = {event.by for event, _ in place.store.journal("124")[before:]}
            assert {"hook:SessionStart", "hook:UserPromptSubmit", "hook:PermissionRequest", "hook:Stop"} <= told
        elif os.path.isdir(place.store.root):  # what was not recorded was not handed over either
            assert all(g.state is Delivery.QUEUED for g in place.store.read("125").guidance)  # type: ignore[union-attr]
