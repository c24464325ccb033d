"""The borders of panes on an attached client's screen: number, status, age, title, and who needs the user."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator

import pytest
from support.bars import bar_saying
from support.polling import eventually
from support.terminal import Terminal
from support.tmux_session import Tmux

from orchestra.core.look import Look
from orchestra.core.models import Border, WorkerPlan
from orchestra.core.state import Role
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
    tmux.status_bar.show(bar_saying(""), Look(), borders)
    for number in "234":
        terminal.shows(f"#{number} working {age(since[number])}  Add an export\u2026")
    first = eventually(lambda: re.search(r"#1 working (\d+)s  Add", terminal.text), why="seconds")
    assert first is not None
    tmux.server.ask("set-option", "-g", "status-interval", "1")
    later = (int(first[1]) + 1, int(first[1]) + 2, int(first[1]) + 3)
    eventually(
        lambda: any(f"#1 working {one}s  Add" in terminal.text for one in later), why="the age to go on by itself"
    )


def test_who_needs_the_user_stands_out(tmux: Tmux, terminal: Terminal) -> None:
    panes = {pane.worker: pane.id for pane in tmux.session.panes()}
    needs = {"1": Role.ALARM, "2": Role.WARNING, "3": Role.GOOD, "4": Role.PLAIN}
    borders = {panes[number]: Border(f"#{number} x", role=role) for number, role in needs.items()}
    tmux.status_bar.show(bar_saying(""), Look(), borders, {"@1": "\u25cf1"})
    for number in needs:
        terminal.shows(f"#{number} x")
    drawn = terminal("capture-pane", "-p", "-e")
    looks = {number: _codes(drawn, f"#{number} x") for number in needs}
    assert looks["1"] >= {"97", "41"}
    assert looks["2"] >= {"30", "43"}
    assert looks["3"] >= {"30", "42"}
    assert not looks["4"] & {"41", "42", "43"}


def test_a_title_is_cut_at_a_word_and_a_narrow_pane_shows_number_and_mark(tmux: Tmux, terminal: Terminal) -> None:
    panes = {pane.worker: pane.id for pane in tmux.session.panes()}
    title = "Refresh sign-in tokens before people are signed out"
    border = Border("#2 \u25cf question", title, int(time.time()) - 200, "alarm", "#2 \u25cf")
    tmux.status_bar.show(bar_saying(""), Look(), {panes["2"]: border})
    terminal.shows("#2 \u25cf question 3m  Refresh\u2026")
    tmux.server.ask("resize-pane", "-t", panes["2"], "-x", "20")
    eventually(lambda: re.search(r"#2 \u25cf [ \u2500]", terminal.text), why="the short form")


def _codes(drawn: str, words: str) -> set[str]:
    """The colours that are on where these words are."""
    on: set[str] = set()
    line = next(line for line in drawn.split("\n") if words in line)
    for codes in re.findall(r"\x1b\[([\d;]*)m", line[: line.index(words)]):
        for code in codes.split(";"):
            kind = {"3": "fg", "9": "fg", "4": "bg"}.get(code[:1]) if len(code) == 2 else None
            if code in ("", "0"):
                on = set()
            elif kind:
                on = {one for one in on if (one[0] in "39") != (code[0] in "39")} | {code}
    return on


def test_no_option_starts_a_process(tmux: Tmux, terminal: Terminal) -> None:
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
