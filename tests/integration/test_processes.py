from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.polling import eventually

from orchestra import processes

NONCE = "processes-test"
STUBBORN = "trap '' HUP TERM; while :; do sleep 1; done"


@pytest.fixture(params=["this system", "a system without handles and socket tables"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only Linux has something, the other way is tried too."""
    if request.param != "this system":
        monkeypatch.setattr(processes, "_open_handle", lambda pid: -1)
        monkeypatch.setattr(processes, "UNIX_SOCKETS", "/nowhere")


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    begun: list[subprocess.Popen[bytes]] = []

    def started(*argv: str, nonce: str = NONCE, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        environ = {**os.environ, processes.MARK: nonce, "ORCHESTRA_HOME": "/h", "ORCHESTRA_PROJECT": "p"}
        begun.append(subprocess.Popen(argv, env=environ, cwd=cwd, start_new_session=True))
        return begun[-1]

    yield started
    for one in begun:
        one.kill()
        one.wait()


def marked() -> set[int]:
    return {one.pid for one in processes.marked_processes() if one.nonce == NONCE}


def test_this_system_is_supported() -> None:
    assert processes.is_supported()


def test_a_process_is_known_by_its_mark_whatever_its_name(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    odd = tmp_path / ") R 1 (\n"
    shutil.copy("/bin/sleep", odd)
    one, other = start(str(odd), "1000"), start("sleep", "1000", nonce="another")
    eventually(lambda: one.pid in marked())
    found = next(process for process in processes.marked_processes() if process.pid == one.pid)
    assert (found.home, found.project) == ("/h", "p")
    assert other.pid not in marked()
    one.kill()
    eventually(lambda: one.pid not in marked(), why="a zombie has ended")


@pytest.mark.usefixtures("system")
def test_what_refuses_to_end_is_ended_and_nobody_else(
    start: Callable[..., subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "HANG_UP_SECONDS", 0.1)
    monkeypatch.setattr(processes, "TERM_SECONDS", 0.3)
    one, other = start("sh", "-c", STUBBORN), start("sleep", "1000", nonce="another")
    eventually(lambda: one.pid in marked())
    assert processes.end_marked({NONCE, ""}) == ()
    assert one.wait() == -signal.SIGKILL
    assert other.poll() is None


@pytest.mark.usefixtures("system")
def test_a_later_process_with_the_same_pid_is_not_signalled(start: Callable[..., subprocess.Popen[bytes]]) -> None:
    one = start("sleep", "1000")
    eventually(lambda: one.pid in marked())
    found = next(process for process in processes.marked_processes() if process.pid == one.pid)
    processes._signal(found._replace(started=found.started - 100), signal.SIGKILL)
    assert one.poll() is None
    processes._signal(found, signal.SIGKILL)
    assert one.wait() == -signal.SIGKILL


def test_who_works_in_a_directory(start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path) -> None:
    inside, link = tmp_path / "a" / "b", tmp_path / "link"
    inside.mkdir(parents=True)
    link.symlink_to(tmp_path / "a")
    (tmp_path / "ab").mkdir()
    one, beside = start("sleep", "1000", cwd=inside), start("sleep", "1000", cwd=tmp_path / "ab")
    eventually(lambda: one.pid in processes.processes_inside(str(link)))
    assert beside.pid not in processes.processes_inside(str(link))
    assert one.pid not in processes.processes_inside(str(link), but=NONCE)
    passing = start("sleep", "0.5", cwd=inside)  # as the git of a monitor or of a prompt
    assert passing.pid not in processes.processes_inside(str(link))


def test_a_repository_is_in_use_while_git_is_in_it_or_a_file_is_open(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    lock = tmp_path / "index.lock"
    lock.touch()
    places, files = {str(tmp_path)}, {str(lock)}
    assert not processes.may_use_repository(places, files)
    holder = start("sh", "-c", f"exec 9<{lock}; exec sleep 1000")
    eventually(lambda: processes.may_use_repository(places, files))
    holder.kill()
    holder.wait()
    eventually(lambda: not processes.may_use_repository(places, files))
    program = tmp_path.parent / f"{tmp_path.name}-bin"
    program.mkdir()
    shutil.copy("/bin/sleep", program / "git-gc")
    named = ["bash", "-c", f"exec -a {tmp_path} {program / 'git-gc'} 1000"]  # as `git --git-dir` would
    for argv, cwd in (([str(program / "git-gc"), "1000"], tmp_path), (named, program)):
        worker = start(*argv, cwd=cwd)
        eventually(lambda: processes.may_use_repository(places, set()))
        worker.kill()
        worker.wait()
        eventually(lambda: not processes.may_use_repository(places, set()))


@pytest.mark.usefixtures("system")
def test_a_server_on_a_deleted_socket_is_found(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = Path(os.environ["TMUX_TMPDIR"], "s")
    assert not processes.listens(str(path))
    assert not processes.make_socket_again(str(path))
    subprocess.run(["tmux", "-S", str(path), "-f", "/dev/null", "new-session", "-d", "sleep 1000"], check=True)
    path.unlink()
    assert processes.listens(str(path))
    assert processes.make_socket_again(str(path))
    eventually(path.is_socket)
    end = ["tmux", "-S", str(path), "kill-server"]  # the file is there a moment before somebody listens on it
    eventually(lambda: subprocess.run(end, check=False, capture_output=True).returncode == 0)
    eventually(lambda: not processes.listens(str(path)))


def test_another_program_on_a_socket_is_not_signalled(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = str(Path(os.environ["TMUX_TMPDIR"], "s"))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        assert not processes.make_socket_again(path)  # SIGUSR1 would have ended this process


def test_psutil_is_imported_at_first_use_only() -> None:
    """A hook imports this module, and has no site packages."""
    code = "import sys, orchestra.processes; print('psutil' in sys.modules, orchestra.processes.listens('/x'))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False False\n"
    )
    lean = "import sys; sys.path.insert(0, sys.argv[1]); import orchestra.processes as p; p.UNIX_SOCKETS = '/x'; print(p.listens('/y'))"
    root = str(Path(processes.__file__).parents[1])
    assert (
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", lean, root], capture_output=True, text=True, check=True
        ).stdout
        == "False\n"
    )
