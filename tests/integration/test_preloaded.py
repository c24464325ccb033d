"""What a key starts goes on in a fork of the process that has everything loaded, as if it had been started itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.polling import eventually, unguarded
from support.terminal import Terminal

from orchestra.cli.preloaded import Loaded
from orchestra.monitor import preloading
from orchestra.monitor.preloading import Preloading
from orchestra.project.entry_points import PRELOADED_SOCKET, write_shims

pytestmark = pytest.mark.skipif(not preloading.LINUX, reason="used on Linux only")


class Keys:
    """A home with its shims, and the process that has everything loaded."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.shim = home / "bin" / "orchestra"
        self.own = {"ORCHESTRA_HOME": str(home), "LC_ALL": "C.UTF-8"}
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
        self.environ = {**kept, **self.own}  # as a test's own, and its terminal's
        write_shims(str(home))
        self.process = subprocess.Popen(preloading.argv(str(home)), stdin=subprocess.PIPE, env=self.environ)
        eventually(lambda: self.answers, 30, "it serves")

    def connected(self) -> socket.socket:
        """A request that begins."""
        asked = socket.socket(socket.AF_UNIX)
        directory = os.open(self.home, os.O_RDONLY)
        try:
            asked.connect(f"/proc/self/fd/{directory}/{PRELOADED_SOCKET}")
        except OSError:
            asked.close()
            raise
        finally:
            os.close(directory)
        return asked

    @property
    def answers(self) -> bool:
        """Whether somebody listens."""
        try:
            self.connected().close()
        except OSError:
            return False
        return True

    @property
    def forks(self) -> list[psutil.Process]:
        """What runs in a fork now."""
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if child.status() != psutil.STATUS_ZOMBIE]

    def run(self, *words: str, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.shim, *words], env={**self.environ, **more}, cwd=cwd, capture_output=True, text=True, check=False,
            timeout=30, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("preloaded")


@pytest.fixture(scope="module")
def keys(short: Path) -> Iterator[Keys]:
    found = Keys(short / ("a home of a long name " * 5) / "o")  # longer than the path of a socket may be
    yield found
    found.end()


def list_in(keys: Keys, repo: Path, **more: str) -> Terminal:
    """The table of workers, in a terminal of its own."""
    terminal = Terminal(80, 24)
    assigned = [f"{name}={value}" for name, value in {**keys.own, **more}.items()]
    terminal.run(["env", "-C", str(repo), *assigned, str(keys.shim), "board", "--only", "list"])
    terminal.shows("Workers")
    unguarded()
    return terminal


def test_words_streams_directory_environment_and_status_are_those_of_the_key(keys: Keys, tmp_path: Path) -> None:
    """Each of these commands is refused; a `board` that starts says so on its own streams."""
    wrong = keys.run("board", "--nonsense")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "--nonsense" in wrong.stderr
    assert "absolute path: near" in keys.run("board", ORCHESTRA_HOME="near").stderr
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"cd '{gone}' && rmdir '{gone}' && exec '{keys.shim}' board"
    said = subprocess.run(["sh", "-c", script], env=keys.environ, capture_output=True, text=True, check=False)
    assert "does not exist any more" in said.stderr
    assert keys.run("board", "--help").stdout.startswith("Usage: orchestra board")


def test_the_terminal_goes_over_with_its_keys_its_size_and_its_end(keys: Keys, repo: Path) -> None:
    terminal = list_in(keys, repo)
    (fork,) = keys.forks
    assert os.getsid(fork.pid) == fork.pid
    assert os.readlink(f"/proc/{fork.pid}/fd/0") == terminal("display-message", "-p", "#{pane_tty}").strip()
    terminal("resize-window", "-x", "60", "-y", "20")
    eventually(lambda: len(terminal.lines()[0].rstrip()) == 60, why="the new width is drawn")
    terminal.press("Escape")
    eventually(lambda: terminal("display-message", "-p", "#{pane_dead} #{pane_dead_status}") == "1 0\n", why="its end")
    eventually(lambda: not keys.forks, why="the fork is gone")

    terminal = list_in(keys, repo)
    terminal("kill-server")
    eventually(lambda: not keys.forks, why="no fork outlives its terminal")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_who_kills_the_program_that_the_key_started_ends_the_fork(keys: Keys, repo: Path, number: int) -> None:
    terminal = list_in(keys, repo)
    assert keys.forks
    os.kill(int(terminal("display-message", "-p", "#{pane_pid}")), number)
    eventually(lambda: not keys.forks, why="the fork is gone")
    terminal("kill-server")


@pytest.mark.parametrize("stays", [False, True])
def test_where_a_shell_keeps_the_terminal_the_program_starts_by_itself(keys: Keys, repo: Path, stays: bool) -> None:
    terminal = Terminal(80, 24)
    terminal.run(
        [
            "env",
            "-C",
            str(repo),
            "sh",
            "-c",
            f"{'' if stays else 'exec '}'{keys.shim}' board --only list{'; true' if stays else ''}",
        ]
    )
    terminal.shows("Workers")
    unguarded()
    assert bool(keys.forks) is not stays
    terminal.press("Escape")
    eventually(lambda: terminal("display-message", "-p", "#{pane_dead} #{pane_dead_status}") == "1 0\n", why="its end")


def test_another_language_is_served_by_a_program_of_its_own(keys: Keys, repo: Path) -> None:
    terminal = list_in(keys, repo, LC_ALL="C")
    assert not keys.forks
    terminal("kill-server")


def test_what_an_agent_starts_is_a_process_of_its_own(keys: Keys, repo: Path) -> None:
    terminal = list_in(keys, repo, ORCHESTRA_NONCE="n")
    assert not keys.forks
    terminal("kill-server")


def test_one_that_is_stopped_holds_no_key_up(keys: Keys) -> None:
    keys.process.send_signal(signal.SIGSTOP)
    try:
        argv = [str(keys.shim), "board", "--help"]  # its streams are with the one that is stopped, too
        assert (
            subprocess.run(argv, env=keys.environ, stdout=subprocess.DEVNULL, check=False, timeout=20).returncode == 0
        )
    finally:
        keys.process.send_signal(signal.SIGCONT)
    eventually(lambda: not keys.forks, why="what nobody waits for is not run")


def test_a_request_that_is_not_whole_harms_no_later_one(keys: Keys, repo: Path) -> None:
    for sent in (b"", b"\0\0\0\x09ab", b"\xff\xff\xff\xff", b"\0\0\0\x03a\0b", b"\0\0\0\x010"):
        with keys.connected() as asked:
            asked.sendall(sent)
    list_in(keys, repo)("kill-server")
    assert keys.process.poll() is None


def test_one_for_each_home(keys: Keys) -> None:
    second = subprocess.run(preloading.argv(str(keys.home)), stdin=subprocess.PIPE, check=False, timeout=30)
    assert second.returncode == 0
    assert keys.answers
    assert (keys.home / PRELOADED_SOCKET).stat().st_mode & 0o777 == 0o600


def test_it_ends_with_its_monitor_and_a_socket_that_is_left_over_is_in_nobodys_way(short: Path) -> None:
    keys = Keys(short / "second")
    keys.end()
    assert not (keys.home / PRELOADED_SOCKET).exists()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(keys.home / PRELOADED_SOCKET))
    assert keys.run("board", "--help").stdout.startswith("Usage: orchestra board")
    again = Keys(keys.home)
    again.end()


def test_the_monitor_starts_one_and_one_that_fails_only_once(short: Path) -> None:
    home = short / "third"
    home.mkdir()
    first, other = Preloading(str(home)), Preloading(str(home))
    first.look()
    eventually(lambda: (home / PRELOADED_SOCKET).exists(), 30)
    other.look()
    assert other.process is None
    end(first)
    first.look()
    assert first.process is None, "it was killed: keys start without it"
    other.look()
    end(other)


def end(kept: Preloading) -> None:
    """Kill what was started."""
    assert kept.process is not None
    kept.process.kill()
    kept.process.wait()
    assert kept.process.stdin is not None
    kept.process.stdin.close()


def test_another_version_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("")
    loaded = Loaded({str(file): file.stat().st_mtime_ns}, {b"LANG": b"C"})
    assert loaded.is_current()
    assert loaded.serves({b"LANG": b"C", b"HOME": b"/"})
    assert not loaded.serves({b"LANG": b"C", b"LC_ALL": b"C"})
    os.utime(file, ns=(1, 1))
    assert not loaded.is_current()
    file.unlink()
    assert not loaded.is_current()


def test_a_screen_loads_nothing_more(keys: Keys) -> None:
    """What is imported late would be imported again for each key."""
    code = "from orchestra.cli import preloaded; preloaded.load(); import sys; print(*sys.modules, sep='\\n')"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert {"textual.app", "libtmux", "yaml", "orchestra.ui.screens.review", "orchestra.project.context"} <= loaded
