"""How an error leaves the command line: one sentence, the next command to run, and an exit code."""

from __future__ import annotations

import errno
import json
import os
import sys

import click

from orchestra.core.text import clean, clean_lines, stamp
from orchestra.errors import OrchestraError
from orchestra.storage.files import make_private

# Troubles of the machine, not faults of orchestra: a full, read-only, broken or lost disk, no more files.
MACHINE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EACCES, errno.EFBIG}
    | {errno.EPERM, errno.ESTALE, errno.ENOTCONN, errno.ENAMETOOLONG}
)
_NO_PROCESS = frozenset({errno.EAGAIN, errno.ENOMEM})  # of a fork: the limit of processes, or no memory
_MORE_PROCESSES = "end some, or raise the limit (ulimit -u), then run the same again"


def run_main(group: click.Group) -> None:
    """Run the command line; every error becomes one sentence and its exit code, every bug a line and a log."""
    try:
        code = group.main(prog_name="orchestra", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except OrchestraError as wrong:
        _leave(wrong.message, wrong.hint, wrong.exit_code)
    except click.UsageError as wrong:
        _leave(wrong.format_message(), f"see: {wrong.ctx.command_path} --help" if wrong.ctx else "", 2)
    except click.ClickException as wrong:
        _leave(wrong.format_message(), "", 1)
    except (KeyboardInterrupt, click.Abort) as left:
        if isinstance(left, click.Abort) and left.__cause__ is None:
            click.echo(err=True)  # it was left at a question, whose line is not ended
        _leave("interrupted", "", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as wrong:  # noqa: BLE001 - the last resort: a traceback never reaches the screen
        _leave(*unforeseen(wrong))


def unforeseen(wrong: Exception) -> tuple[str, str, int]:
    """The sentence, the hint and the exit code of what nobody foresaw; the traceback of a bug is kept."""
    if told := trouble(wrong, _home()):
        return (*told, 1)
    return f"orchestra broke: {type(wrong).__name__}: {wrong}", _log_bug(), 3


def trouble(wrong: Exception, home: str) -> tuple[str, str] | None:
    """The sentence and the hint for a trouble of the machine; None for a fault of the program."""
    if isinstance(wrong, RuntimeError) and "can't start new thread" in str(wrong):
        return "no thread can be started", _MORE_PROCESSES
    if not isinstance(wrong, OSError):
        return None
    if wrong.errno in _NO_PROCESS:
        return f"no process can be started: {wrong.strerror}", _MORE_PROCESSES
    if os.path.lexists(home) and not os.path.isdir(home):
        return f"{clean(home)} is not a directory", "move it away, or set ORCHESTRA_HOME to a directory"
    if wrong.errno not in MACHINE and not is_above(wrong.filename, home):
        return None
    place = clean(os.path.dirname(str(wrong.filename))) if wrong.filename else ""
    what = f"{wrong.strerror}{f' in {place}' if place else ''}: no partial change was written"
    return what, "make room, or give the right back, then run the same again; see: orchestra doctor"


def _home() -> str:
    return os.environ.get("ORCHESTRA_HOME") or os.path.join(os.path.expanduser("~"), ".orchestration")


def is_above(path: object, home: str) -> bool:
    """Whether a path is the home of orchestra or above it: a HOME that is missing, or a file, is not a bug."""
    return isinstance(path, str) and bool(path) and f"{home}/".startswith(f"{path.rstrip('/')}/")


def _leave(message: str, hint: str, code: int) -> None:
    """Say it on stderr (with --json: one document on stdout) and exit."""
    first, _, rest = message.partition("\n")
    if "--json" in sys.argv:
        click.echo(json.dumps({"error": {"message": clean(first, 500), "hint": clean(hint, 500)}}))
        sys.exit(code)
    click.echo(f"orchestra: {clean(first, 500)}", err=True)
    if rest:
        click.echo(clean_lines(rest, 8000), err=True)
    if hint:
        click.echo(f"  {clean(hint, 500)}", err=True)
    sys.exit(code)


def _log_bug() -> str:
    """Keep the traceback for a report; returns where."""
    home = _home()
    path = os.path.join(home, "orchestra.log")
    try:
        import time
        import traceback

        make_private(home)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8", errors="replace") as file:
            file.write(f"{stamp(time.time())}\n{traceback.format_exc()}\n")
    except OSError:
        return "and its log could not be written"
    return f"the traceback is in {path}: please report it"
