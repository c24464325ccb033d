"""A token that is easy to find, through a whole journey on GitHub: it is in one private file, and nowhere else."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.github_double import Double
from support.person import Person, configure

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

WORK = """
```script
status working
write a.txt a
commit A
ship
wait
```
"""


class Watcher:
    """Looks at every process again and again: at its argv, and at the environment of those that live in our panes."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.found: set[str] = set()
        self.seen: set[int] = set()
        self._over = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.01):
            for place in Path("/proc").iterdir():
                if place.name.isdigit():
                    self._look(place)

    def _look(self, place: Path) -> None:
        try:
            argv, environ = (place / "cmdline").read_bytes(), (place / "environ").read_bytes()
            ours = b"\0TMUX=" in environ or b"ORCHESTRA_WORKER=" in environ
            ours = ours or (argv.startswith(b"tmux") and orphan(place))
        except OSError:
            return
        if self.secret in argv:
            self.found.add(f"argv of {argv!r}")
        if ours:
            self.seen.add(int(place.name))
            if self.secret in environ:
                self.found.add(f"environment of {argv!r}")


def orphan(place: Path) -> bool:
    """A daemon, such as our tmux server: a client of the user's has the user's environment."""
    return (place / "stat").read_text().rpartition(")")[2].split()[1] == "1"


@pytest.fixture
def person(github_repo: Path, github: Double, git: Callable[..., str]) -> Person:
    configure(github_repo, "agent: scripted", "github: {poll: 1s}", "notify: {desktop: false}")
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    github.add_issue(number=123, title="Work", body=WORK)
    return Person(github_repo)


def test_a_token_is_in_one_private_file_and_nowhere_else(person: Person, github: Double, home: Path) -> None:
    secret = github.token.encode()
    assert len(secret) >= 16
    watcher, said = Watcher(secret), ""
    with watcher.watching():
        said += "".join(map(str, person.runs("spawn", "123")))
        person.sees("123", "shipping")
        kept = home / ".orchestration" / "token-github.com"
        assert kept.read_bytes().strip() == secret, "ship and monitor read it there"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        github.add_run("issue-123", "test", "success")
        said += "".join(map(str, person.runs("up", "-d")))  # the monitor begins now, and asks at once
        person.sees("123", "complete")
        said += asked_everywhere(person)
        said += "".join(map(str, person.runs("merge", "123")))
        person.sees("123", "merged", timeout=100)
        said += "".join(map(str, person.runs("prune")))
    assert len(watcher.seen) > 10, "the watcher saw the processes of the panes"
    assert watcher.found == set()
    assert github.token not in said
    places = (home, person.where, person.where.parent)
    files = {path for place in places for path in place.rglob("*") if path.is_file() and path != kept}
    assert len(files) > 50
    assert [path for path in files if secret in path.read_bytes()] == []
    person.runs("down")
    assert not kept.exists()


def asked_everywhere(person: Person) -> str:
    """What tmux keeps and shows, and what our commands say."""
    said = [person.tmux("show-environment", "-g"), person.tmux("show-options", "-g"), person.tmux("show-options", "-s")]
    for session in person.tmux("list-sessions", "-F", "#{session_id}").split():
        said += [person.tmux(show, "-t", session) for show in ("show-environment", "show-options")]
    for pane in person.tmux("list-panes", "-a", "-F", "#{pane_id}").split():
        said += [
            person.tmux("capture-pane", "-p", "-S", "-", "-t", pane),
            person.tmux("show-options", "-p", "-t", pane),
        ]
    for argv in (("list", "--json"), ("show", "123", "--json"), ("log", "123", "--json"), ("doctor", "--json")):
        said.append("".join(map(str, person.runs(*argv, code=None))))
    assert os.path.basename(person.where) in "".join(said)
    return "".join(said)
