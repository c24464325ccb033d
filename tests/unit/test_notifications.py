"""Reaching the person: by every way that is on, once, quietly in quiet hours, and never by raising."""

from __future__ import annotations

import json
import os
import pty
from pathlib import Path

import pytest
from support.polling import eventually

from orchestra import notifications
from orchestra.notifications import Alert, Channels, is_quiet

pytestmark = pytest.mark.fast

ALERT = Alert("stuck", "124", "acme/widgets", "#124 stuck: \x1b]0;gotcha\x07 which?")


@pytest.mark.parametrize(
    ("hours", "minute", "quiet"),
    [
        ("22:00-07:00", 22 * 60, True),
        ("22:00-07:00", 6 * 60 + 59, True),
        ("22:00-07:00", 7 * 60, False),
        ("22:00-07:00", 12 * 60, False),
        ("12:00-13:00", 12 * 60 + 30, True),
        ("12:00-13:00", 13 * 60, False),
    ],
)
def test_quiet_hours(hours: str, minute: int, quiet: bool) -> None:
    assert is_quiet(hours, minute) is quiet


def said_on_a_terminal(**more: object) -> bytes:
    """What an attached terminal's device is given."""
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    shown: list[str] = []
    ways = Channels(shown.append, lambda: (os.ttyname(theirs),), **more)  # type: ignore[arg-type]
    notifications.notify(ALERT, ways, {"PATH": ""}, 12 * 60)
    assert len(shown) == 1
    try:
        return os.read(ours, 4096)
    except BlockingIOError:
        return b""
    finally:
        os.close(theirs)
        os.close(ours)


def test_the_outer_terminal_rings_and_shows_it_and_nothing_of_the_text_acts() -> None:
    said = said_on_a_terminal()
    assert said.startswith(b"\x07\x1b]9;")
    assert b"\x1b]777;notify;orchestra acme/widgets;#124 stuck: " in said
    assert b"\x1b]0;" not in said


@pytest.mark.parametrize("more", [{"bell": False, "desktop": False}, {"kinds": ("ready",)}, {"quiet": "11:00-13:00"}])
def test_what_is_switched_off_stays_silent(more: dict[str, object]) -> None:
    assert said_on_a_terminal(**more) == b""


def test_the_persons_own_command_gets_json(tmp_path: Path) -> None:
    program = tmp_path / "tell me"
    program.write_text(f"#!/bin/sh\ncat > '{tmp_path}/said'\necho $1 > '{tmp_path}/flag'\n")
    program.chmod(0o700)
    ways = Channels(lambda _: None, tuple, desktop=False, command=f"'{program}' --now")
    notifications.notify(ALERT, ways, dict(os.environ), 0)
    eventually((tmp_path / "flag").exists)
    assert json.loads((tmp_path / "said").read_text())["worker"] == "124"
    assert (tmp_path / "flag").read_text() == "--now\n"


@pytest.mark.parametrize("command", ["/no/such/program", "false", "'unbalanced"])
def test_a_command_that_fails_stops_nothing(command: str) -> None:
    notifications.notify(ALERT, Channels(lambda _: None, tuple, desktop=False, command=command), dict(os.environ), 0)


def test_a_terminal_that_is_gone_stops_nothing() -> None:
    notifications.notify(ALERT, Channels(lambda _: None, lambda: ("/dev/pts/99999",)), {}, 0)
