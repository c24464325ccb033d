"""What every test has: a private HOME, a private tmux socket directory, no token, no network but loopback."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A loaded machine makes a single case slow, which says nothing about the rule.
settings.register_profile("tests", deadline=None, max_examples=40)
settings.register_profile("nightly", deadline=None, max_examples=500)
settings.load_profile("tests")

pytest_plugins = ("support.github_double.fixtures", "support.real_claude")

KEPT = ("PATH", "LANG", "CI", "TMPDIR")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--nightly", action="store_true", help="the long runs too, of which CI does a fixed part")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--nightly"):
        settings.load_profile("nightly")
    else:
        long = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


@pytest.fixture(autouse=True)
def guard(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Make it impossible to reach the real home, the default tmux socket or the network."""
    fast = request.node.get_closest_marker("fast") is not None
    if fast:
        monkeypatch.setattr(os, "fsync", lambda _: None)  # what a power cut keeps is tested by the other parts
    home = _next_home(tmp_path_factory)
    for name in list(os.environ):
        if name not in KEPT and not name.startswith(("COV_", "PYTEST_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("SHELL", "/bin/sh")
    monkeypatch.setenv("ORCHESTRA_HOME", str(home / ".orchestration"))
    monkeypatch.setenv("TMUX_TMPDIR", str(home / "no-tmux"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Test Person\n\temail = test@example.invalid\n[init]\n\tdefaultBranch = main\n"
    )
    connect = socket.socket.connect

    def loopback_only(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            pytest.fail(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", loopback_only)
    if fast:  # without tmux: a directory of its own for each test costs a fifth of the time of them all
        yield home
        return
    # A tmux socket path may not be longer than 107 bytes: not below pytest's own directory.
    with tempfile.TemporaryDirectory(prefix="ot-", dir="/tmp", ignore_cleanup_errors=True) as sockets:
        monkeypatch.setenv("TMUX_TMPDIR", sockets)
        yield home
        for path in filter(Path.is_socket, Path(sockets).rglob("*")):
            subprocess.run(["tmux", "-S", str(path), "kill-server"], check=False, capture_output=True)


_homes = itertools.count()


def _next_home(factory: pytest.TempPathFactory) -> Path:
    """A new directory; with a counter of its own, because pytest's reads all names of the directory each time."""
    home = factory.getbasetemp() / "home" / str(next(_homes))
    home.mkdir(parents=True)
    return home


@pytest.fixture
def home(guard: Path) -> Path:
    """The private HOME of this test."""
    return guard


@pytest.fixture
def server(request: pytest.FixtureRequest) -> str:
    """`tmux: {socket: ...}` of this test: a server of our own, or with `both_servers` the user's own one too."""
    return str(getattr(request, "param", "orchestra"))


@pytest.fixture
def git() -> Callable[..., str]:
    """`git("-C", path, "status")` -> its output, stripped; fails the test when git fails."""

    def run(*argv: str | Path) -> str:
        done = subprocess.run(["git", *map(str, argv)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"git {' '.join(map(str, argv))}: {done.stderr}"
        return done.stdout.strip()

    return run


@pytest.fixture
def repo(tmp_path: Path, git: Callable[..., str]) -> Path:
    """A real repository `widgets` with one commit on `main`, and no remote."""
    root = tmp_path / "widgets"
    root.mkdir()
    git("init", "-q", root)
    (root / "README.md").write_text("# widgets\n")
    git("-C", root, "add", ".")
    git("-C", root, "commit", "-qm", "first")
    return root


@pytest.fixture
def github_repo(repo: Path, tmp_path: Path, git: Callable[..., str]) -> Path:
    """`repo` with a remote that reads as github.com/acme/widgets and is a bare repository on disk."""
    bare = tmp_path / "widgets.git"
    git("init", "-q", "--bare", bare)
    git("-C", repo, "remote", "add", "origin", "https://github.com/acme/widgets.git")
    git("-C", repo, "config", f"url.{bare}.insteadOf", "https://github.com/acme/widgets.git")
    git("-C", repo, "push", "-q", "origin", "main")
    git("-C", repo, "fetch", "-q", "origin")
    return repo
