"""A disk that fails at each write of each verb: one sentence, the old state or the new one, and `list` still works."""

from __future__ import annotations

import errno
import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from support.paths import SUPPORT
from support.person import Person, Said, configure, write_issue
from support.polling import eventually

from orchestra.core.lifecycle import machine
from orchestra.storage.session_store import Store

pytestmark = pytest.mark.journey
Git = Callable[..., str]

FAIL_AT = SUPPORT / "fail_at.py"
WORK = "```script\nstatus working\nwrite a.txt one\ncommit One\nwait\n```\n"
ASK = '```script\nstatus working\nescalate "Which?" --gate domain --option red --option blue\nwait\n```\n'


class Verb(NamedTuple):
    """A command line, the worker it is about, and the statuses that worker may have afterwards (None: no worker)."""

    argv: tuple[str, ...]
    number: str
    old: str | None
    new: str | None


VERBS = (
    Verb(("spawn", "9"), "9", None, "queued"),
    Verb(("tell", "2", "red"), "2", "stuck", "working"),
    Verb(("approve", "2"), "2", "stuck", "working"),
    Verb(("deny", "2", "no"), "2", "stuck", "working"),
    Verb(("pause", "1"), "1", "working", "paused"),
    Verb(("cancel", "1"), "1", "working", "cancelled"),
    Verb(("prune",), "3", "cancelled", None),
    Verb(("restore", "4"), "4", None, "cancelled"),
    Verb(("up", "-d"), "1", "working", "working"),
)


class Broken:
    """A user with workers 1 (at work), 2 (asks), 3 (cancelled), 4 (pruned), whose state can be had back as it was."""

    def __init__(self, person: Person, place: Path) -> None:
        self.person, self.counted, self.kept = person, place / "counted", place / "kept"
        self.home = Path(person.environ["ORCHESTRA_HOME"])
        shutil.copytree(self.home, self.kept, ignore=shutil.ignore_patterns("tmux"))

    def again(self) -> None:
        """The state as it was, and nothing runs."""
        self.person.tmux("kill-server")
        shutil.rmtree(self.home)
        shutil.copytree(self.kept, self.home)

    def run(self, step: int, argv: tuple[str, ...], why: int = errno.EIO) -> Said:
        """Run a verb with its disk failing at one step, or (a negative one) from there on."""
        command = [sys.executable, "-P", str(FAIL_AT), str(step), str(self.counted), str(why), "--", *argv]
        done = subprocess.run(
            command, cwd=self.person.where, env=self.person.environ, input="", capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    def limited(self, *argv: str) -> Said:
        """Run a verb where no file may grow, as with a quota (EFBIG): it takes no rights to try that."""
        command = ["/bin/sh", "-c", 'ulimit -f 0; exec "$@"', "sh", sys.executable, "-P", "-m", "orchestra", *argv]
        done = subprocess.run(
            command, cwd=self.person.where, env=self.person.environ, input="", capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stdout + done.stderr, done
        return Said(done.returncode, done.stdout, done.stderr)

    def status(self, number: str, *, limited: bool = False) -> str | None:
        """What `list` says of a worker; it must say something of the others whatever happened."""
        said = self.limited("list", "--json") if limited else self.person.runs("list", "--json")
        rows = {one["id"]: one["status"] for one in json.loads(said.out)["workers"]}
        assert set(rows) >= {"1", "2"}, rows
        return rows.get(number)

    def proven(self, *, healed: bool) -> None:
        """Every journal leads to its snapshot; `healed`: after the next write, as after a kill."""
        root = next((self.home / "sessions").iterdir())
        store = Store(str(self.home), root.name, time.time)
        for number in store.ids():
            if healed:
                store.decide(number, lambda _: None)
            told = machine.fold([event for event, refused in store.journal(number) if not refused])
            found = store.read(number)
            if found is None or told is None:  # a claim of which nothing came: the file is there, and empty
                assert (found, told) == (None, None)
                continue
            assert (found.status, found.guidance, found.nonce) == (told.status, told.guidance, told.nonce)


def rests(person: Person, number: str) -> bool:
    return bool(person.asks("show", number)["activity"]["state"] == "waiting")


@pytest.fixture
def broken(repo: Path, git: Git, tmp_path: Path) -> Broken:
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 2}", "verify: 'true'", "layout: plain")
    (repo / ".orchestra" / "layouts").mkdir(parents=True)
    (repo / ".orchestra" / "layouts" / "plain.yaml").write_text("windows:\n  - window_name: w\n    panes: [null]\n")
    for number in (1, 2, 3, 4, 9):
        write_issue(repo, number, f"Issue {number}", ASK if number == 2 else WORK)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    person = Person(repo)
    for done in ("3", "4"):
        person.runs("spawn", done)
        eventually(partial(rests, person, done), why="its work")
        person.runs("cancel", done)
        git("-C", repo, "update-ref", f"refs/remotes/origin/issue-{done}", f"issue-{done}")  # pushed: it may be pruned
    git("-C", repo, "update-ref", "-d", "refs/remotes/origin/issue-3")
    assert person.asks("prune")["removed"] == ["4"]
    git("-C", repo, "update-ref", "refs/remotes/origin/issue-3", "issue-3")
    person.runs("spawn", "1", "2")
    person.sees("2", "stuck")
    person.runs("down")
    return Broken(person, tmp_path)


def points(count: int, most: int) -> list[int]:
    """Steps to fail at, a fixed choice of them; a negative one: from there on."""
    both = [sign * step for step in range(1, count + 1) for sign in (1, -1)]
    return random.Random(count).sample(both, min(most, len(both)))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("most", [1, pytest.param(1000, marks=pytest.mark.nightly)])
def test_each_verb_on_a_disk_that_fails(broken: Broken, most: int) -> None:
    tried = 0
    for verb in VERBS:
        broken.again()
        assert broken.run(0, verb.argv).code in (0, 1)
        count = len(broken.counted.read_text().splitlines())
        for step in points(count, most):
            broken.again()
            said = broken.run(step, verb.argv)
            where = f"{verb.argv} step {step}: {said}"
            assert said.code in (0, 1), where
            assert "Traceback" not in said.out + said.err, where
            assert len(said.err.splitlines()) <= 2 or verb.argv[0] == "up", where
            assert broken.status(verb.number) in (verb.old, verb.new), where
            broken.proven(healed=step < 0)
            tried += 1
    assert tried >= len(VERBS)
    for verb in VERBS[:-1]:  # `up` would give the limit on to the tmux server
        broken.again()
        said = broken.limited(*verb.argv)
        assert said.code in (0, 1), (verb.argv, said)  # 0: what it had to do was no more than renames
        assert len(said.err.splitlines()) <= 2, (verb.argv, said)
        assert broken.status(verb.number, limited=True) == (verb.old if said.code else verb.new), (verb.argv, said)
        broken.proven(healed=False)
