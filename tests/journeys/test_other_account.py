"""A user who is not root: HOME with a space behind a symlink, LANG=C, eight colours, a long TMPDIR, umask 077."""

from __future__ import annotations

import os
import stat
import subprocess

import pytest
from support.accounts import Account, other_account
from support.person import ASK, Person, configure, write_issue
from support.polling import eventually
from support.terminal import Terminal, quick_fingers

pytestmark = [pytest.mark.journey, pytest.mark.timeout(200)]


def person_of(account: Account) -> Person:
    """The user in a repository of theirs, as `before` makes all that is written theirs."""
    real, home, long = account.place / "real" / "home", account.place / "my home", account.place / ("t" * 60)
    for directory in (real, long, account.place / "s"):
        directory.mkdir(parents=True)
    home.symlink_to(real)
    long = long / ("u" * (90 - len(str(long)) - 1))
    long.mkdir()
    repo = home / "my widgets"
    repo.mkdir()
    configure(repo, "agent: scripted", "tracker: local", "verify: 'true'")
    write_issue(repo, 7, "Colour", ASK)
    (repo / "notes.txt").write_text("fix #7\n")
    quick_fingers(str(home))
    (home / ".gitconfig").write_text("[user]\n\tname = Ann\n\temail = ann@example.invalid\n")
    script = "git init -q -b main && git add . && git commit -qm first"
    owner = os.stat(account.place)
    for path in [account.place, *account.place.rglob("*")]:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
    environ = {
        "HOME": str(home),
        "ORCHESTRA_HOME": "",
        "TMPDIR": str(long),
        "TMUX_TMPDIR": str(account.place / "s"),
        "LC_ALL": "",
        "LANG": "C",
        "TERM": "screen",  # eight colours
    }
    person = Person(repo, environ, python=account.python, before=account.before)
    subprocess.run([*account.before, "sh", "-c", script], cwd=repo, env=person.environ, check=True)
    return person


def test_a_day_of_a_user_who_is_not_root() -> None:
    with other_account() as account:
        person = person_of(account)
        terminal = Terminal(120, 30)
        try:
            person.runs("up", "-d")
            own = [f"{key}={person.environ[key]}" for key in ("HOME", "TMPDIR", "TMUX_TMPDIR", "LANG", "TERM")]
            plain = ["env", "-u", "LC_ALL", "-u", "ORCHESTRA_HOME", *own]
            program = [person.python, "-P", "-m", "orchestra", "attach"]
            terminal.run([*plain, *person.before, "sh", "-c", 'cd "$0" && exec "$@"', str(person.where), *program])
            terminal.shows("who needs you")
            terminal.type("clear; cat notes.txt; tput cuu 1; tput cuf 5; read wait")
            terminal.press("Enter")
            terminal.shows("fix #7")
            terminal.key_table()
            terminal.press("s")
            eventually(lambda: person.asks("list")["workers"], 30, why="the worker")
            person.sees("7", "stuck")
            assert "Which colour?" in person.runs("show", "7").out
            person.runs("tell", "7", "2")
            person.sees("7", "complete")
            assert "ready" in person.runs("list").out
            person.runs("merge", "7")
            assert (person.where / "colour.txt").read_text() == "blue\n"
            person.runs("prune")
            eventually(lambda: not (person.where.parent / "my widgets-issue-7").exists(), why="the worktree to be gone")
            assert not person.asks("doctor")["findings"]
            person.runs("down")
            home = person.where.parent.resolve() / ".orchestration"
            assert all(not stat.S_IMODE(path.lstat().st_mode) & 0o077 for path in [home, *home.rglob("*")])
        finally:
            person.tmux("kill-server")
            terminal.end()
