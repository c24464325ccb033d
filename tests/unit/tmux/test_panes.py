from __future__ import annotations

import pytest

from orchestra.tmux.panes import parse_panes

pytestmark = pytest.mark.fast

ROW = "$0|@1|1|0|%2|{dead}|{status}|{signal}|{pid}|7|n7|0|||.|acme"


@pytest.mark.parametrize(
    ("dead", "status", "signal", "pid", "found"),
    [
        ("0", "", "", "77", (False, None, 77)),
        ("1", "3", "", "77", (True, 3, 77)),
        ("1", "", "9", "77", (True, 137, 77)),
        ("1", "", "KILL", "77", (True, None, 77)),  # a version that names the signal
        ("1", "", "", "77", (True, None, 77)),  # one that knows no signal
        ("1", "3", "", "", (True, 3, 0)),  # one that names no process that has ended
    ],
)
def test_a_dead_pane_is_read_in_every_versions_words(
    dead: str, status: str, signal: str, pid: str, found: tuple[bool, int | None, int]
) -> None:
    (row,) = parse_panes(ROW.format(dead=dead, status=status, signal=signal, pid=pid), "acme")
    assert (row.dead, row.exit_status, row.pid) == found


@pytest.mark.parametrize(
    "line", ["", "|", ROW.format(dead="0", status="", signal="", pid=""), "$0|@1|x|0|%2|0|||7|7|n|0|||acme"]
)
def test_a_row_that_does_not_read_is_skipped(line: str) -> None:
    assert next(iter(parse_panes(f"{line}\n{ROW.format(dead='0', status='', signal='', pid='5')}\n", "acme"))).pid == 5
