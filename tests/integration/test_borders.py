"""The borders of panes on an attached client's screen: number, status, age, title, and who needs a person."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator

import pytest
from support.polling import eventually
from support.terminal import Terminal
from support.tmux_session import Tmux

from orchestra.core.models import Border, WorkerPlan
from orchestra.core.text import age


@pytest.fixture
def tmux() -> Tmux:
    return Tmux("orchestra", "acme-widgets", {**os.environ})


@pytest.fixture
def terminal(tmux: Tmux) -> Iterator[Terminal]:
    """A terminal of 80 columns with four workers side by side: 39 columns a pane."""
    for number in "1234":
        tmux.workspace.open_worker(WorkerPlan(number, f"n{number}", ("sleep", "1000"), "/"), per_window=4)
    found = Terminal(80, 24)
    found.run(tmux.clients.attach_argv({}))
    eventually(lambda: tmux.server.ask("list-clients").out, why="attached")
    yield found
    found.end()


def test_number_status_age_and_title_at_80_columns(tmux: Tmux, terminal: Terminal) -> None:
    now, panes = time.time(), {pane.worker: pane.id for pane in tmux.session.panes()}
    since = {"1": 5.5, "2": 45 * 60 + 1.0, "3": 3 * 3600 + 1.0, "4": -500.0}
    borders = {
        panes[number]: Border(f"#{number} working", "Add an export button to the report", int(now - past))
        for number, past in since.items()
    }
    tmux.status_bar.show("", "none", borders)
    for number in "234":
        terminal.shows(f"#{number} working {age(since[number])} Add an export")
    first = eventually(lambda: re.search(r"#1 working (\d+)s Add", terminal.text), why="seconds")
    assert first is not None
    tmux.server.ask("set-option", "-g", "status-interval", "1")
    later = (int(first[1]) + 1, int(first[1]) + 2, int(first[1]) + 3)
    eventually(
        lambda: any(f"#1 working {one}s Add" in terminal.text for one in later), why="the age to go on by itself"
    )


def test_who_needs_a_person_stands_out(tmux: Tmux, terminal: Terminal) -> None:
    panes = {pane.worker: pane.id for pane in tmux.session.panes()}
    needs = {"1": "stuck", "2": "silent", "3": "ready", "4": ""}
    tmux.status_bar.show(
        "", "none", {panes[number]: Border(f"#{number} x", need=need) for number, need in needs.items()}
    )
    for number in needs:
        terminal.shows(f"#{number} x")
    drawn = terminal("capture-pane", "-p", "-e")
    looks = {number: set(_codes(drawn, f"#{number} x")) for number in needs}
    assert "48;5;160" in looks["1"]
    assert "38;5;214" in looks["2"]
    assert "38;5;40" in looks["3"]
    assert not looks["4"] & {"48;5;160", "38;5;214", "38;5;40"}


def _codes(drawn: str, words: str) -> list[str]:
    """The colours that are on where these words stand."""
    on: list[str] = []
    line = next(line for line in drawn.split("\n") if words in line)
    for codes in re.findall(r"\x1b\[([\d;]*)m", line[: line.index(words)]):
        on = on if codes not in ("", "0") and not codes.startswith("0;") else []
        on += re.findall(r"[34]8;5;\d+", codes)
        if "39" in codes.split(";"):
            on = [one for one in on if not one.startswith("38")]
        if "49" in codes.split(";"):
            on = [one for one in on if not one.startswith("48")]
    return on


def test_no_option_of_ours_starts_a_process(tmux: Tmux, terminal: Terminal) -> None:
    """Nothing is run for a redraw: no `#(` in anything that our session, its windows or its panes are drawn by."""
    ask = tmux.server.ask
    session = ask("list-sessions", "-F", "#{session_id}").out.split()[0]
    ours = [
        ask("show-options", "-t", session).out,
        *(ask("show-options", "-p", "-t", p.id).out for p in tmux.session.panes()),
    ]
    ours += [ask("show-options", "-w", "-t", window).out for window in {pane.window for pane in tmux.session.panes()}]
    assert "status-right" in ours[0]
    assert any("pane-border-format" in found for found in ours)
    assert not [found for found in ours if "#(" in found.replace("##", "")]
