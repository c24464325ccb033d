"""Where the token comes from, in which order, and that it shows nowhere."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestra.errors import OrchestraError
from orchestra.github import auth
from orchestra.github.auth import Token, forget, keep, resolve

pytestmark = pytest.mark.fast

Program = Callable[..., Path]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """`program("gh", "echo hello")` -> an executable shell script of that name in a directory of its own."""

    def write(name: str, body: str) -> Path:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return write


SOURCES = ["token_command", "GH_TOKEN", "GITHUB_TOKEN", "kept", "gh"]


@pytest.mark.parametrize("first", range(len(SOURCES)), ids=SOURCES)
def test_each_source_wins_over_those_after_it(first: int, home: Path, program: Program) -> None:
    gh = program("gh", 'test "$*" = "auth token -h github.com" && echo from_gh')
    present = SOURCES[first:]
    environ = {"PATH": f"{gh.parent}:/usr/bin:/bin"}
    environ |= {name: f" from_{name}\n" for name in present if name.startswith("G")}
    if "kept" in present:
        keep(Token("from_kept", "GH_TOKEN"), "github.com", home)
    command = "printf 'from_%s' token_command" if first == 0 else None
    found = resolve("github.com", command, environ, home)
    assert found == Token(f"from_{SOURCES[first]}", SOURCES[first])


@pytest.mark.parametrize(
    ("host", "environ", "source"),
    [
        ("github.com", {"GH_ENTERPRISE_TOKEN": "e"}, None),
        ("acme.ghe.com", {"GH_TOKEN": "a"}, "GH_TOKEN"),
        ("ghe.example.com", {"GH_TOKEN": "a", "GH_ENTERPRISE_TOKEN": "e"}, "GH_ENTERPRISE_TOKEN"),
        ("ghe.example.com", {"GITHUB_ENTERPRISE_TOKEN": "e"}, "GITHUB_ENTERPRISE_TOKEN"),
        ("ghe.example.com", {"GH_TOKEN": "a", "GITHUB_TOKEN": "b"}, None),
        ("ghe.example.com", {"GH_TOKEN": "a", "GH_HOST": "ghe.example.com"}, "GH_TOKEN"),
        ("ghe.example.com", {"GH_TOKEN": "a", "GITHUB_API_URL": "https://ghe.example.com/api/v3"}, "GH_TOKEN"),
        ("ghe.example.com", {"GH_TOKEN": "a", "GITHUB_API_URL": "http://127.0.0.1:4711"}, "GH_TOKEN"),
        ("evil.example.com", {"GH_TOKEN": "a", "GITHUB_API_URL": "https://ghe.example.com/api/v3"}, None),
        ("ghe.example.com", {"GITHUB_TOKEN": "b", "GITHUB_SERVER_URL": "https://ghe.example.com"}, "GITHUB_TOKEN"),
        ("evil.example", {"GITHUB_TOKEN": "b", "GITHUB_SERVER_URL": "https://github.com"}, None),
        ("GitHub.com", {"GH_TOKEN": "a"}, "GH_TOKEN"),
        ("github.com", {"GH_TOKEN": "  ", "GITHUB_TOKEN": "b"}, "GITHUB_TOKEN"),
    ],
)
def test_a_token_goes_only_to_the_host_it_is_for(
    host: str, environ: dict[str, str], source: str | None, home: Path
) -> None:
    found = resolve(host, None, {"PATH": "/nowhere", **environ}, home)
    assert (found.source if found else None) == source


@pytest.mark.parametrize(
    "host", ["", "-x", "a/b", "../x", "a b", "a..b", "a\nb", "host:port", "é.example", "x" * 300, ".", "a."]
)
def test_a_host_that_is_none_is_refused(host: str, home: Path) -> None:
    with pytest.raises(OrchestraError, match="not a host name"):
        resolve(host, None, {}, home)
    with pytest.raises(OrchestraError, match="not a host name"):
        keep(Token("t", "GH_TOKEN"), host, home)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("false", r"failed \(exit 1\)"),
        ("true", "printed nothing"),
        ("sh -c 'echo op: session expired >&2; exit 6'", r"failed \(exit 6\): op: session expired"),
        ("sh -c 'echo no vault $1 >&2; exit 1' sh s3cret", r"failed \(exit 1\): no vault \.\.\."),
        ("/nowhere/s3cret", "cannot be run: No such file"),
        ("echo 's3cret", "cannot be run: it is not a command line"),
        ("''", "cannot be run"),
        ("echo s3cret s3cret", "not a token"),
        ("printf 's3cret\\033x'", "not a token"),
        ("printf 's3cr\\303\\251t'", "not a token"),
    ],
)
def test_a_command_that_gives_no_token_is_an_error_and_no_other_token_is_used(
    command: str, sentence: str, home: Path
) -> None:
    with pytest.raises(OrchestraError, match=sentence) as caught:
        resolve("github.com", command, {"PATH": os.environ["PATH"], "GH_TOKEN": "other"}, home)
    assert "s3cret" not in str(caught.value) + caught.value.hint


def test_the_command_is_not_given_to_a_shell(home: Path) -> None:
    found = resolve("github.com", "printf %s a;b$(id)", {"PATH": os.environ["PATH"]}, home)
    assert found == Token("a;b$(id)", "token_command")


@pytest.mark.parametrize("asked", ["token_command", "gh"])
def test_a_program_that_hangs_is_left(
    asked: str, home: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "TIMEOUT", 0.2)
    gh = program("gh", "exec sleep 60")
    environ = {"PATH": f"{gh.parent}:/usr/bin:/bin"}
    began = time.monotonic()
    if asked == "gh":
        assert resolve("github.com", None, environ, home) is None
    else:
        with pytest.raises(OrchestraError, match="did not finish"):
            resolve("github.com", "gh", environ, home)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("body", ["exit 1", "echo gone >&2; exit 4", "true"], ids=["fails", "logged out", "silent"])
def test_gh_without_a_token_is_no_token(body: str, home: Path, program: Program) -> None:
    gh = program("gh", body)
    assert resolve("github.com", None, {"PATH": str(gh.parent)}, home) is None


def test_a_variable_that_holds_no_token_is_said_without_its_value(home: Path) -> None:
    with pytest.raises(OrchestraError, match="GH_TOKEN gives is not a token") as caught:
        resolve("github.com", None, {"GH_TOKEN": "s3cret\r\nX: y"}, home)
    assert "s3cret" not in repr(caught.value) + caught.value.hint


def test_the_value_is_in_no_text_made_of_a_token() -> None:
    found = Token("s3cret", "GH_TOKEN")
    assert "s3cret" not in f"{found} {found!r} {[found]} {found!s:>20}"
    assert "GH_TOKEN" in repr(found)


def test_a_kept_token_is_private_and_is_found_again(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    before = os.umask(0)
    try:
        keep(Token("s3cret", "GITHUB_TOKEN"), "GitHub.com", home)
    finally:
        os.umask(before)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "token-github.com").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["token-github.com"]
    assert resolve("github.com", None, {"PATH": "/nowhere"}, home) == Token("s3cret", "kept")
    assert resolve("ghe.example.com", None, {"PATH": "/nowhere"}, home) is None


def test_a_home_that_others_may_enter_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    keep(Token("s3cret", "GH_TOKEN"), "github.com", tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


@pytest.mark.parametrize("source", ["token_command", "kept", "gh"])
def test_a_token_that_can_be_had_again_is_not_kept(source: str, tmp_path: Path) -> None:
    keep(Token("s3cret", source), "github.com", tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_keeping_replaces_a_symbolic_link_and_does_not_follow_it(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    home = tmp_path / "home"
    home.mkdir()
    (home / "token-github.com").symlink_to(victim)
    assert resolve("github.com", None, {"PATH": "/nowhere"}, home) is None
    keep(Token("s3cret", "GH_TOKEN"), "github.com", home)
    assert victim.read_text() == "precious"
    assert not (home / "token-github.com").is_symlink()


def test_a_home_that_cannot_be_written_is_said_without_the_token(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(OrchestraError, match="cannot keep the GitHub token") as caught:
        keep(Token("s3cret", "GH_TOKEN"), "github.com", tmp_path / "home")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("kind", ["fifo", "directory", "huge", "empty", "not ascii"])
def test_a_file_that_is_not_a_kept_token_is_ignored(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "token-github.com"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.write_bytes({"huge": b"x" * 5000, "empty": b"", "not ascii": b"\xff\xfe"}[kind])
    if kind == "not ascii":
        with pytest.raises(OrchestraError, match="kept gives is not a token"):
            resolve("github.com", None, {"PATH": "/nowhere"}, tmp_path)
    else:
        assert resolve("github.com", None, {"PATH": "/nowhere"}, tmp_path) is None


def test_forgetting_leaves_no_token_and_all_else(tmp_path: Path) -> None:
    forget(tmp_path / "nowhere")
    for host in ("github.com", "ghe.example.com:8443"):
        keep(Token("s3cret", "GH_TOKEN"), host, tmp_path)
    (tmp_path / ".token-github.com.0011").write_text("left by a kill")
    (tmp_path / "orchestra.log").write_text("")
    forget(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["orchestra.log"]
