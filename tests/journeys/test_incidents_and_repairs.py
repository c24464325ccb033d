"""What happened to a machine is seen for what it is in one look, and each case has a fix after which nothing is left."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from support.person import Person, configure, write_issue
from support.polling import eventually

from orchestra import processes

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
Git = Callable[..., str]

WORK = "```script\nwrite a.txt one\ncommit One\nstatus working\nwait\nhang\n```\n"


class Scene:
    """A user with worker 2, which has committed something, and what can be done to them."""

    def __init__(self, person: Person, git: Git) -> None:
        self.person, self.git = person, git
        self.session = person.asks("show", "2")["agentSession"]

    @property
    def home(self) -> Path:
        return Path(self.person.environ["ORCHESTRA_HOME"])

    @property
    def worktree(self) -> Path:
        return Path(self.person.asks("show", "2")["worktreePath"])

    def file(self, name: str) -> Path:
        return next(self.home.glob(f"sessions/*/{name}"))

    def nothing_runs(self) -> None:
        """All processes of workers and of tmux end at once."""
        for pid in [one.pid for one in processes.marked_processes() if one.home == str(self.home)]:
            os.kill(pid, signal.SIGKILL)
        os.kill(int(self.person.tmux("display-message", "-p", "#{pid}")), signal.SIGKILL)

    def kill_server(self) -> None:
        os.kill(int(self.person.tmux("display-message", "-p", "#{pid}")), signal.SIGKILL)

    def remove_socket(self) -> None:
        os.unlink(self.person.tmux("display-message", "-p", "#{socket_path}"))

    def reboot(self) -> None:
        """Nothing runs, /tmp is empty, and the numbers of what ran belong to others."""
        self.nothing_runs()
        for place in Path(self.person.environ["TMUX_TMPDIR"]).iterdir():
            shutil.rmtree(place)
        left = self.file("2.json").parent / f"2.json.{os.getpid()}-01234567.tmp"  # its writer's number is ours now
        left.write_text("{")
        left.chmod(0o600)

    def kill_agent(self) -> None:
        pids = self.person.tmux("list-panes", "-a", "-F", "#{@orchestra_worker} #{pane_pid}").splitlines()
        os.kill(int(next(line for line in pids if line.startswith("2 ")).split()[1]), signal.SIGKILL)

    def remove_worktree(self) -> None:
        shutil.rmtree(self.worktree)

    def move_branch(self) -> None:
        self.git("-C", self.worktree, "switch", "-q", "-c", "elsewhere")

    def truncate(self) -> None:
        path = self.file("2.json")
        path.write_text(path.read_text()[:100])

    def tear(self) -> None:
        path = self.file("2.jsonl")
        path.write_text(path.read_text()[:-20])

    def restore_backup(self) -> None:
        """The state of before everything that this worker did."""
        journal = self.file("2.jsonl")
        journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:2]))
        self.file("2.json").unlink()

    def move_home(self) -> None:
        self.person.runs("down")
        moved = self.home.parent / "moved"
        self.home.rename(moved)
        self.person = Person(self.person.where, {**self.person.environ, "ORCHESTRA_HOME": str(moved)})


class Case(NamedTuple):
    """What happens, what one look says (of `list`, or the findings of `doctor`), and what fixes it."""

    happens: Callable[[Scene], None]
    look: str
    says: str
    fix: tuple[str, ...]


CASES = {
    "server killed": Case(
        Scene.kill_server, "doctor", "I8 the workspace is not open; 1 worker is stopped", ("up", "-d")
    ),
    "socket removed": Case(Scene.remove_socket, "doctor", "tmux runs, but its socket is gone", ("up", "-d")),
    "rebooted": Case(Scene.reboot, "doctor", "I8 the workspace is not open; 1 worker is stopped", ("up", "-d")),
    "agent killed": Case(Scene.kill_agent, "list", "the agent exited with status 137", ("spawn", "2")),
    "worktree removed": Case(Scene.remove_worktree, "doctor", "I3 the worktree of #2 is gone", ("restart", "2")),
    "branch moved": Case(Scene.move_branch, "doctor", "I3 #2: the worktree is on elsewhere, not on issue-2", ()),
    "session file truncated": Case(Scene.truncate, "doctor", "I10 ", ()),
    "journal torn": Case(Scene.tear, "doctor", "I10 the session file of #2 is behind its journal", ("up", "-d")),
    "home restored from a backup": Case(Scene.restore_backup, "list", "1 +1 -0", ("restart", "2")),
    "home moved": Case(Scene.move_home, "doctor", "I8 the workspace is not open; 1 worker is stopped", ("up", "-d")),
}


@pytest.fixture
def scene(repo: Path, git: Git) -> Scene:
    configure(repo, "agent: scripted", "tracker: local", "layout: plain", "limits: {restart: 9}")
    (repo / ".orchestra" / "layouts").mkdir(parents=True)
    (repo / ".orchestra" / "layouts" / "plain.yaml").write_text("windows:\n  - window_name: w\n    panes: [null]\n")
    write_issue(repo, 2, "Work", WORK)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    person = Person(repo)
    person.runs("up", "-d")
    person.runs("spawn", "2")
    person.sees("2", "working")
    return Scene(person, git)


def told(scene: Scene, look: str) -> str:
    """One look."""
    if look == "list":
        said = scene.person.runs("list", code=None)
        return said.out + said.err
    return " | ".join(f"{one['id']} {one['what']}" for one in scene.person.asks("doctor", code=None)["findings"])


def healthy(scene: Scene) -> bool:
    row = scene.person.asks("show", "2")
    at_work = row["pane"] and not row["pane"]["dead"] and row["activity"]["state"] in ("waiting", "busy")
    return bool(at_work and row["agentSession"] == scene.session and (scene.worktree / "a.txt").exists())


# One worker goes through several cases: each must leave it as if nothing had been.
@pytest.mark.parametrize("names", [list(CASES)[::2], list(CASES)[1::2]], ids=", ".join)
def test_one_look_says_what_happened(scene: Scene, names: list[str]) -> None:
    tip = scene.git("-C", scene.person.where, "rev-parse", "issue-2")
    for name in names:
        happens_and_is_repaired(scene, name)
        assert scene.git("-C", scene.person.where, "rev-parse", "issue-2") == tip, name


def happens_and_is_repaired(scene: Scene, name: str) -> None:
    case = CASES[name]
    case.happens(scene)
    said = told(scene, case.look)
    assert case.says in said, (name, said)
    server = scene.person.tmux("display-message", "-p", "#{pid}")
    if name == "branch moved":
        scene.git("-C", scene.worktree, "switch", "-q", "issue-2")
    if case.fix:
        scene.person.runs(*case.fix)
    assert server in ("", scene.person.tmux("display-message", "-p", "#{pid}")), name  # a server that lives is kept
    eventually(lambda: healthy(scene), 30, f"#2 to be back: {name}")
    for path in scene.file("2.jsonl").parent.glob("*.bad-*"):  # as `doctor` says: look at it, then remove it
        path.unlink()
    left = [one for one in scene.person.asks("doctor", code=None)["findings"] if one["id"].startswith("I")]
    assert left == [], name
