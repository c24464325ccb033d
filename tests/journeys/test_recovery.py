"""What happens to a machine: servers die, files vanish, processes outlive their pane. `up` is the fix.

The table of what is seen at one look is in `test_seen.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.person import HANG, Person, configure, write_issue
from support.polling import eventually
from support.servers import both_servers, both_servers_at_night

from orchestra import processes
from orchestra.git.worktrees import Repository

pytestmark = pytest.mark.journey
shown = pytest.mark.skipif(not processes.is_supported(), reason="this system does not show what processes do")
Git = Callable[..., str]

WORK = "```script\nwrite a.txt one\ncommit One\nwrite b.txt two\nstatus working\nhang\n```\n"
CHILDREN = """```script
status working
run (trap '' HUP TERM; exec sleep 987654) >/dev/null 2>&1 &
run setsid nohup sleep 987654 >/dev/null 2>&1 &
run (setsid sh -c 'trap "" HUP; sleep 987654 & wait' >/dev/null 2>&1 &)
hang
```
"""


@pytest.fixture
def person(repo: Path, git: Git, server: str) -> Person:
    """A user with issues 1 and 26 to 28 (children), 2 (work on disk), 3 to 25 (hang); no monitor: `up` alone repairs."""
    configure(
        repo,
        "agent: scripted",
        "tracker: local",
        "workers: {max: 100}",
        "layout: still",
        f"tmux: {{socket: {server}}}",
    )
    (repo / ".orchestra" / "layouts").mkdir(parents=True)
    (repo / ".orchestra" / "layouts" / "still.yaml").write_text("windows:\n  - window_name: w\n    role: workers\n")
    for number in (1, 26, 27, 28):
        write_issue(repo, number, "Children", CHILDREN)
    write_issue(repo, 2, "Work", WORK)
    for number in range(3, 26):
        write_issue(repo, number, f"Issue {number}", HANG)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    return Person(repo, socket=server)


def findings(person: Person) -> list[str]:
    found = person.asks("doctor", code=None)["findings"]
    return [f"{one['id']}: {one['what']}" for one in found if one["id"].startswith("I")]


def at_work(person: Person) -> list[str]:
    rows = person.asks("list")["workers"]
    return [one["id"] for one in rows if one["status"] == "working" and one["pane"] and not one["pane"]["dead"]]


def state(person: Person, name: str) -> Path:
    return next(Path(person.environ["ORCHESTRA_HOME"]).glob(f"sessions/*/{name}"))


@pytest.fixture
def decoy() -> Iterator[subprocess.Popen[bytes]]:
    """Somebody's own program, that looks like a worker's child."""
    child = subprocess.Popen(["sleep", "987654"], env={**os.environ, "ORCHESTRA_SPAWNED": "1"})
    yield child
    child.kill()
    child.wait()


@shown
def test_what_a_worker_started_ends_with_it(person: Person, decoy: subprocess.Popen[bytes]) -> None:
    verbs = {"1": ["restart", "1"], "26": ["pause", "26"], "27": ["cancel", "27"], "28": ["down"]}
    person.runs("spawn", *verbs)
    nonces = {one["id"]: one["nonce"] for one in person.asks("list")["workers"]}

    def children(number: str) -> set[int]:
        return {one.pid for one in processes.marked_processes() if one.nonce == nonces[number]}

    eventually(lambda: all(len(children(number)) >= 4 for number in verbs), 60, "the children to run")
    for number, verb in verbs.items():
        before = children(number)
        person.runs(*verb)
        eventually(lambda number=number, before=before: not before & children(number), 10, "them to end")  # type: ignore[misc]
        assert decoy.poll() is None
        if number != "1":
            assert children(number) == set()


@shown
@both_servers
def test_children_of_a_killed_server_end_before_the_agent_starts_again(person: Person) -> None:
    person.runs("spawn", "1")
    nonce = person.asks("show", "1")["nonce"]
    eventually(lambda: sum(one.nonce == nonce for one in processes.marked_processes()) >= 4, why="the children to run")
    before = {one.pid for one in processes.marked_processes() if one.nonce == nonce}
    os.kill(int(person.tmux("display-message", "-p", "#{pid}")), signal.SIGKILL)
    person.runs("up", "-d")
    eventually(lambda: at_work(person) == ["1"], why="#1 to be back")
    eventually(lambda: not before & {one.pid for one in processes.marked_processes()}, why="the old ones to be gone")
    assert findings(person) == []


@pytest.mark.timeout(240)
@pytest.mark.parametrize("how", ["kill -9", pytest.param("kill-server", marks=pytest.mark.nightly)])
def test_a_killed_server_with_twenty_workers(person: Person, how: str) -> None:
    numbers = [str(number) for number in range(3, 23)]
    person.runs("up", "-d")
    person.runs("spawn", *numbers, "--no-wait")
    eventually(lambda: len(at_work(person)) == 20, 60, "twenty workers to work")
    sessions = {one["id"]: one["agentSession"] for one in person.asks("list")["workers"]}
    if how == "kill-server":
        person.tmux("kill-server")
    else:
        os.kill(int(person.tmux("display-message", "-p", "#{pid}")), signal.SIGKILL)
    eventually(lambda: "not open" in person.runs("list").out, why="one look to see the server gone")

    def wrong() -> list[str]:
        return [one.split(":")[0] for one in findings(person)]

    eventually(lambda: wrong() == ["I8"], 30, "one finding, not twenty deaths, once the agents have ended")
    began = time.monotonic()
    person.runs("up", "-d")
    journals = [state(person, f"{number}.jsonl") for number in numbers]

    def accepted() -> list[int]:
        return [journal.read_text().count('"accepted"') for journal in journals]

    eventually(lambda: accepted() == [2] * 20, 30, "twenty agents to go on")
    assert len(at_work(person)) == 20
    assert time.monotonic() - began < 30
    assert sum("ahead\nstarting" in person.screen(number) for number in numbers) >= 5  # a few at a time
    assert accepted() == [2] * 20  # told the issue, and to go on: once each
    assert {one["id"]: one["agentSession"] for one in person.asks("list")["workers"]} == sessions
    assert findings(person) == []


@shown
@both_servers_at_night
def test_the_socket_was_removed(person: Person) -> None:
    person.runs("up", "-d")
    person.runs("spawn", "3")
    pid = person.tmux("display-message", "-p", "#{pid}")
    os.unlink(person.tmux("display-message", "-p", "#{socket_path}"))
    assert "socket is gone" in " ".join(findings(person))
    assert "made its socket again" in person.runs("up", "-d").err
    assert person.tmux("display-message", "-p", "#{pid}") == pid
    assert findings(person) == []


@pytest.mark.parametrize("how", ["git worktree remove", pytest.param("rm -rf", marks=pytest.mark.nightly)])
def test_a_worktree_removed_by_hand(person: Person, repo: Path, git: Git, how: str) -> None:
    person.runs("up", "-d")
    person.runs("spawn", "2")
    person.sees("2", "working")
    worktree = Path(person.asks("show", "2")["worktreePath"])
    tip = git("-C", repo, "rev-parse", "issue-2")
    if how == "rm -rf":
        shutil.rmtree(worktree)
    else:
        git("-C", repo, "worktree", "remove", "--force", "--force", worktree)
    person.runs("list")
    person.runs("show", "2")
    assert any("is gone" in one for one in findings(person)), findings(person)
    person.runs("restart", "2")
    eventually(lambda: (worktree / "a.txt").exists(), why="the worktree to be back")
    eventually(lambda: at_work(person) == ["2"], why="#2 to be back")
    assert git("-C", repo, "rev-parse", "issue-2") == tip
    assert findings(person) == []


def test_a_branch_moved_by_hand(person: Person, git: Git) -> None:
    person.runs("up", "-d")
    person.runs("spawn", "2")
    person.sees("2", "working")
    worktree = person.asks("show", "2")["worktreePath"]
    git("-C", worktree, "switch", "-q", "-c", "elsewhere")
    assert any("elsewhere" in one for one in findings(person))
    person.runs("cancel", "2")
    kept = person.asks("prune")["kept"]
    assert [one["id"] for one in kept] == ["2"]
    assert (Path(worktree) / "b.txt").read_text() == "two\n"


def truncated(snapshot: Path, _: Path) -> None:
    snapshot.write_text(snapshot.read_text()[:100])


def torn(_: Path, journal: Path) -> None:
    journal.write_text(journal.read_text()[:-20])


def emptied(snapshot: Path, _: Path) -> None:
    snapshot.write_text("")


def garbage(snapshot: Path, _: Path) -> None:
    snapshot.write_bytes(b"\xff\x00[" * 1000)


def without_journal(_: Path, journal: Path) -> None:
    journal.unlink()


def test_session_files_that_were_damaged(person: Person) -> None:
    """Each worker's in another way, at once."""
    damages = {"3": truncated, "4": torn, "5": emptied, "6": garbage, "7": without_journal}
    person.runs("up", "-d")
    person.runs("spawn", *damages)
    for number in damages:
        person.sees(number, "working")
    before = {number: person.asks("show", number)["agentSession"] for number in damages}
    for number, damage in damages.items():
        damage(state(person, f"{number}.json"), state(person, f"{number}.jsonl"))
    assert [one["id"] for one in person.asks("list")["workers"]] == list(damages)
    person.runs("down")
    person.runs("up", "-d")
    eventually(lambda: at_work(person) == list(damages), 30, "all to be back")
    assert {number: person.asks("show", number)["agentSession"] for number in damages} == before


def test_a_home_restored_from_a_backup(person: Person, tmp_path: Path, git: Git, repo: Path) -> None:
    home = Path(person.environ["ORCHESTRA_HOME"])
    person.runs("up", "-d")
    person.runs("spawn", "3")
    person.sees("3", "working")
    shutil.copytree(home, tmp_path / "backup", ignore=shutil.ignore_patterns("tmux"))
    person.runs("spawn", "2")
    person.sees("2", "working")
    tip = git("-C", repo, "rev-parse", "issue-2")
    person.runs("down")
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "backup", home)
    found = findings(person)
    assert any(one.startswith("I3") and "#2" in one for one in found), found  # of whom nothing is on record
    person.runs("up", "-d")
    eventually(lambda: at_work(person) == ["3"], why="#3 to be back")
    said = person.asks("spawn", "2", code=1)["results"][0]
    assert "exists already" in said["error"]
    assert git("-C", repo, "rev-parse", "issue-2") == tip


def uninstalled(home: Path) -> None:
    shim = home / "bin" / "orchestra-hook"
    shim.write_text(shim.read_text().replace("/orchestra/hooks/entry.py", "/orchestra/hooks/gone.py"))


def unwritable(home: Path) -> None:
    shutil.rmtree(home / "sessions")
    (home / "sessions").write_text("not a directory: nothing can be written, even by root")


def test_a_hook_never_stops_the_agent(person: Person) -> None:
    """Whatever is wrong with what it reads, with the program, with the directory: each worse than the one before."""
    person.runs("spawn", "3")
    person.sees("3", "working")
    settings = json.loads(state(person, "3/settings.json").read_text())
    worker = person.asks("show", "3")
    person.runs("down")
    home = Path(person.environ["ORCHESTRA_HOME"])
    environ = {**person.environ, "ORCHESTRA_WORKER": "3", "ORCHESTRA_PROJECT": state(person, "3").parent.name}
    payload = json.dumps({"session_id": worker["agentSession"], "hook_event_name": "Stop", "cwd": "/"})
    commands = [one["command"] for event in settings["hooks"].values() for each in event for one in each["hooks"]]
    broken: tuple[tuple[Callable[[Path], object], str], ...] = (
        (lambda _: None, "\x00{[" * 10_000),
        (unwritable, payload),
        (uninstalled, payload),
        (shutil.rmtree, payload),
    )
    for breaks, given in broken:
        breaks(home)
        for command in commands:
            began = time.monotonic()
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                input=given,
                env=environ,
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
            )
            assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), (breaks, command)
            assert time.monotonic() - began < 10


def test_restore_brings_back_what_prune_removed(person: Person, repo: Path, git: Git) -> None:
    person.runs("up", "-d")
    person.runs("spawn", "2")
    person.sees("2", "working")
    worktree = Path(person.asks("show", "2")["worktreePath"])
    tip = git("-C", repo, "rev-parse", "issue-2")
    git("-C", repo, "update-ref", "refs/remotes/origin/issue-2", tip)  # it was pushed: nothing would be lost
    person.runs("cancel", "2")
    nonce = person.asks("show", "2")["nonce"]
    (worktree / "b.txt").unlink()
    assert person.asks("prune")["removed"] == ["2"]
    assert not worktree.exists()
    (state(person, "2") / "pruning").write_text(nonce)  # as a kill in its very last step leaves it
    assert not git("-C", repo, "branch", "--list", "issue-2")
    assert "refs/orchestra/trash/branches/issue-2/" in person.runs("restore").out
    for _ in range(2):  # twice is once
        assert "issue-2" in person.runs("restore", "2").out
        assert git("-C", repo, "rev-parse", "issue-2") == tip
        assert (worktree / "a.txt").read_text() == "one\n"
        assert person.status("2") == "cancelled"
    assert person.asks("spawn", "2")["results"][0]["result"] == "spawned"
    assert findings(person) == []
    person.runs("restore", "77", code=1)


def test_restore_brings_back_what_was_not_committed(person: Person, repo: Path, git: Git) -> None:
    """A removal keeps what nobody committed, though `prune` would not have begun it: staged, changed, untracked."""
    person.runs("up", "-d")
    person.runs("spawn", "2")
    person.sees("2", "working")
    worktree = Path(person.asks("show", "2")["worktreePath"])
    (worktree / "a.txt").write_text("changed")
    (worktree / "staged.txt").write_text("staged")
    git("-C", worktree, "add", "staged.txt")
    person.runs("cancel", "2")
    Repository(repo, os.environ).remove(worktree, "issue-2", id="2")
    assert not worktree.exists()
    assert "refs/orchestra/trash/2/" in person.runs("restore", "2").out
    found = {path.name: path.read_text() for path in worktree.iterdir() if path.suffix == ".txt"}
    assert found == {"a.txt": "changed", "b.txt": "two\n", "staged.txt": "staged"}
    assert person.asks("prune")["kept"][0]["id"] == "2"
