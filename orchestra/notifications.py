"""Reach the user: tmux's own message and bell, the outer terminal, the desktop, and a command of their own.

Every way is best effort: a notification that cannot be shown stops nothing else.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping

from orchestra.core.records import Record
from orchestra.core.text import clean

COMMAND_SECONDS = 10.0


class Channels(Record):
    """How to reach the user: `show` is a line in tmux, `terminals` are the attached clients' devices."""

    show: Callable[[str], None]
    terminals: Callable[[], tuple[str, ...]]
    bell: bool = True
    desktop: bool = True
    command: str | None = None
    kinds: tuple[str, ...] = ()
    quiet: str | None = None


class Alert(Record):
    """Why the user is needed: `kind` is an attention or `merged`."""

    kind: str
    worker: str
    project: str
    text: str


def notify(alert: Alert, ways: Channels, environ: Mapping[str, str], minute: int) -> None:
    """Tell the user by every way that is switched on; `minute` of the local day decides whether it is quiet."""
    ways.show(clean(f"{alert.project}: {alert.text}"))
    if (ways.kinds and alert.kind not in ways.kinds) or (ways.quiet and is_quiet(ways.quiet, minute)):
        return
    said = ("\a" if ways.bell else "") + (_osc(alert) if ways.desktop else "")
    for device in ways.terminals() if said else ():
        _write(device, said)
    if ways.desktop:
        _desktop(alert, environ)
    if ways.command:
        _run(words_of(ways.command), environ, json.dumps(alert._asdict()))


def words_of(command: str) -> list[str]:
    """A command line as words, without a shell; none when its quotes do not match."""
    try:
        return shlex.split(command)
    except ValueError:
        return []


def minute_of_day(epoch: float) -> int:
    """The local minute of the day of a wall-clock time."""
    local = time.localtime(epoch)
    return local.tm_hour * 60 + local.tm_min


def is_quiet(hours: str, minute: int) -> bool:
    """Whether `minute` lies in `22:00-07:00` (over midnight too); the end is not part of it."""
    begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in hours.split("-"))
    return begin <= minute < end if begin <= end else minute >= begin or minute < end


def _osc(alert: Alert) -> str:
    """OSC 9 and OSC 777, for the outer terminal itself: tmux passes neither on from a pane."""
    title, text = clean(f"orchestra {alert.project}", 80), clean(alert.text, 160)
    return f"\x1b]9;{title}: {text}\x07\x1b]777;notify;{title.replace(';', ',')};{text.replace(';', ',')}\x07"


def _write(device: str, said: str) -> None:
    """To a terminal of the user, whoever reads it or not."""
    try:
        fd = os.open(device, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    try:
        os.write(fd, said.encode())
    except OSError:
        pass
    finally:
        os.close(fd)


def _desktop(alert: Alert, environ: Mapping[str, str]) -> None:
    title, text = clean(f"orchestra {alert.project}", 80), clean(alert.text, 160)
    path = environ.get("PATH")
    if shutil.which("notify-send", path=path) and (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        _run(["notify-send", "--app-name=orchestra", "--", title, text], environ)
    elif shutil.which("osascript", path=path):
        script = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"
        _run(["osascript", "-e", script, title, text], environ)


def _run(argv: list[str], environ: Mapping[str, str], text: str = "") -> None:
    if not argv:
        return
    try:
        subprocess.run(
            argv, input=text, text=True, env=dict(environ), capture_output=True, timeout=COMMAND_SECONDS, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return
