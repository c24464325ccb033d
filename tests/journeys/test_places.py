"""Homes and places that are not as usual: the same few commands, from `up` to `down`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support import mounts
from support.person import Person, configure, write_issue

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]
Git = Callable[..., str]
WORK = '```script\nstatus working\nwrite a.txt "one"\ncommit One\nship\n```\n'
IDENTITY = dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "Ünal")


def short_journey(person: Person) -> None:
    person.runs("up", "-d")
    person.runs("spawn", "1")
    person.sees("1", "complete", timeout=120)
    assert "✔ ready" in person.runs("list").out.replace("+ ready", "✔ ready")
    assert not [one for one in person.asks("doctor", code=None)["findings"] if one["severity"] == "error"]
    person.runs("down")


def settle(repo: Path) -> None:
    configure(repo)
    write_issue(repo, 1, "Größe", WORK)
    for key, value in (("user.name", "Test Person"), ("user.email", "test@example.invalid")):
        subprocess.run(["git", "-C", str(repo), "config", key, value], check=True)
    subprocess.run(["git", "-C", str(repo), "add", "."], check=True)
    subprocess.run(["git", "-C", str(repo), "commit", "-qm", "issues"], check=True)


def test_a_home_behind_a_symlink_with_spaces_quotes_and_umlauts_and_a_long_tmpdir(tmp_path: Path, git: Git) -> None:
    real, home = tmp_path / "real" / 'it\'s a "home" für mich', tmp_path / "my home"
    real.mkdir(parents=True)
    home.symlink_to(real)
    long = tmp_path / ("t" * max(90 - len(str(tmp_path)), 20))
    long.mkdir()
    repo = home / 'it\'s "wïdgets"'
    git("init", "-q", repo)
    settle(repo)
    environ = {
        "HOME": str(home),
        "ORCHESTRA_HOME": "",
        "TMPDIR": str(long),
        "LC_ALL": "",
        "LANG": "C",
        "TERM": "xterm-color",
    }
    short_journey(Person(repo, environ))
    assert (real / ".orchestration" / "sessions").is_dir()


def xdg(place: Path) -> Mapping[str, str]:
    names = ("CONFIG_HOME", "CACHE_HOME", "STATE_HOME", "DATA_HOME", "RUNTIME_DIR")
    return {f"XDG_{name}": str(place / "x d" / name) for name in names} | {"LC_ALL": "POSIX"}


def test_who_commits_and_what_a_shim_needs_is_found_where_the_user_keeps_it(
    repo: Path, home: Path, tmp_path: Path
) -> None:
    """Git's configuration below XDG_CONFIG_HOME alone, and a shim that asks a variable where its programs are."""
    (tmp_path / "config" / "git").mkdir(parents=True)
    (home / ".gitconfig").rename(tmp_path / "config" / "git" / "config")
    shims, programs = tmp_path / "shims", tmp_path / "programs"
    for place, text in ((shims, 'exec "$ASDF_DATA_DIR/tool"'), (programs, "echo it runs")):
        place.mkdir()
        (place / "tool").write_text(f"#!/bin/sh\n{text}\n")
        (place / "tool").chmod(0o755)
    configure(repo, "agent: scripted", "tracker: local", "verify: tool")
    write_issue(repo, 1, "Work", WORK)
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "ASDF_DATA_DIR": str(programs)}
    person = Person(repo, {**environ, "PATH": f"{shims}:{os.environ['PATH']}"})
    subprocess.run(["sh", "-c", "git add . && git commit -qm issue"], cwd=repo, env=person.environ, check=True)
    short_journey(person)


TERMS = ("dumb", "screen", "tmux-256color", "xterm-kitty", "no-such-terminal", "")


@pytest.mark.parametrize("name", ["xdg", "cron", "systemd", "no colour"])
def test_an_environment_that_is_not_a_login_shells(name: str, repo: Path, tmp_path: Path) -> None:
    settle(repo)
    person = Person(repo)
    keep = {one: person.environ[one] for one in ("HOME", "TMUX_TMPDIR")}
    environ: dict[str, str] = {
        "xdg": {**person.environ, **xdg(tmp_path)},
        "cron": {**keep, "PATH": "/usr/local/bin:/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "root"},
        "systemd": {**keep, "PATH": "/usr/local/bin:/usr/bin:/bin", "INVOCATION_ID": "0" * 32, "JOURNAL_STREAM": "9:1"},
        "no colour": {**person.environ, "NO_COLOR": "1", "TERM": "xterm"},
    }[name]
    person.environ = environ
    short_journey(person)


@pytest.mark.parametrize("term", TERMS)
def test_any_terminal_is_written_to_without_an_error(term: str, repo: Path) -> None:
    settle(repo)
    person = Person(repo, {"TERM": term, "LC_ALL": "C", "COLORTERM": ""})
    for argv in (["list"], ["issues"], ["--help"], ["doctor"], ["status"]):
        said = person.runs(*argv, code=None)
        assert said.code in (0, 1)
        assert "\x1b" not in said.out + said.err


def test_without_home_it_is_the_one_of_the_account(repo: Path) -> None:
    person = Person(repo)
    for home in ({}, {"HOME": ""}, {"HOME": "relative"}):
        environ = {
            name: value for name, value in person.environ.items() if name not in ("HOME", "ORCHESTRA_HOME")
        } | home
        person.environ = environ
        assert "no worker" in (said := person.runs("list", code=None)).out + said.err or "0 workers" in said.out
        assert not (repo / ".orchestration").exists()
        assert not (repo / "relative").exists()
    person.environ = {**environ, "ORCHESTRA_HOME": "here"}
    assert "ORCHESTRA_HOME is not an absolute path: here" in person.runs("list", code=2).err


def test_a_home_that_cannot_be_written_is_said_by_up_and_by_doctor(repo: Path, tmp_path: Path) -> None:
    settle(repo)
    with mounts.tmpfs(tmp_path / "home", "size=64k") as home:
        subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
        person = Person(repo, {"HOME": str(home), "ORCHESTRA_HOME": ""})
        for argv in (["up", "-d"], ["spawn", "1"]):
            assert "Read-only file system" in person.runs(*argv, code=1).err
        assert person.runs("list").code == 0
        assert any(one["id"] == "E4" for one in person.asks("doctor", code=None)["findings"])
        elsewhere = Person(repo, {**person.environ, "ORCHESTRA_HOME": str(tmp_path / "other")})
        elsewhere.runs("up", "-d")
        elsewhere.runs("down")


def test_a_socket_directory_that_is_too_long_is_said(repo: Path, tmp_path: Path) -> None:
    settle(repo)
    long = tmp_path / ("s" * 90)
    long.mkdir()
    said = Person(repo, {"TMUX_TMPDIR": str(long)}).runs("up", "-d", code=1).err
    assert "the path of the tmux socket is" in said
    assert "set TMUX_TMPDIR to a directory with a shorter path" in said
    assert os.listdir(long) in ([], [f"tmux-{os.getuid()}"])
