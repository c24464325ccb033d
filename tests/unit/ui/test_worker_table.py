"""`list` fits: no line is longer than the terminal at any width, and the state is never cut."""

from __future__ import annotations

import click
import pytest
from support.hostile import strings, unsafe

from orchestra.core import cells
from orchestra.core.attention import ObservedWorker
from orchestra.core.look import Look
from orchestra.core.models import Changes, Escalation, Gate, Pane, Status, Worker
from orchestra.core.pull_request import Checks, Pull
from orchestra.core.state import NEEDS_YOU, Shown, State
from orchestra.storage.session_store import Problem
from orchestra.ui import worker_table
from orchestra.ui.paint import Paint, state_text
from orchestra.workers.overview import Overview, WorkerRow

pytestmark = pytest.mark.fast

TITLES = (
    "Short",
    "Refresh sign-in tokens before people are signed out in the middle of their work",
    "\u65e5\u672c\u8a9e\u306e\u984c\u540d " * 12,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 family \U0001f680\U0001f680 " * 9,
    "x" * 300,
    "#(touch canary) #[fg=red] \x1b[31m ; $(x)",
)


def row(number: int, state: State, title: str, word: str = "", **more: object) -> WorkerRow:
    asked = Escalation(Gate.DOMAIN, title, options=("sliding", "fixed " * 20), asked_at="", request="r")
    url = f"https://github.com/acme/widgets/pull/{number}"
    worker = Worker(
        str(number), title, Status.STUCK, "", pull_url=url, escalation=asked if state in NEEDS_YOU else None
    )
    pull = Pull(number + 30, "open", checks=list(Checks)[number % 4]) if number % 2 else None
    pane = Pane("%1", str(number), "n", "@1", dead=False, exit_status=None, pid=1)
    seen = ObservedWorker(worker._replace(pull=pull, **more), pane, True)  # type: ignore[arg-type]
    shown = Shown(state, word or state.value, title)
    return WorkerRow(seen, None, shown, 0.0, Changes(number, 1234 * number, 7), 86400.0 * number)


def view(title: str) -> Overview:
    rows = [row(place + 1, state, title) for place, state in enumerate(State)]
    rows += [
        row(12345, State.WAITING, title, "waiting for the queue"),
        row(99, State.WAITING, title, "waiting for #124"),
    ]
    return Overview("widgets", tuple(rows), (Problem("7", "/x/7.json", title),), None, title, "GitHub 12s ago", title)


def drawn(title: str, columns: int, look: Look = Look(), *, colour: bool = True) -> list[str]:  # noqa: B008
    found = worker_table.table(view(title), title, Paint(look, columns, colour, links=True))
    return [click.unstyle(line) if not colour else line for line in found]


def bare(line: str) -> str:
    """Without styles and links."""
    import re

    return re.sub(r"\x1b\]8;;[^\x1b]*\x1b\\", "", click.unstyle(line))


@pytest.mark.parametrize("columns", [60, 64, 72, 80, 97, 100, 120, 160, 200])
@pytest.mark.parametrize("title", TITLES, ids=["short", "long", "wide", "emoji", "one word", "hostile"])
def test_no_line_is_longer_than_the_terminal(columns: int, title: str) -> None:
    lines = [bare(line) for line in drawn(title, columns)]
    assert max(map(cells.width, lines)) <= columns, max(lines, key=cells.width)
    for one in view(title).rows:
        line = next(line for line in lines if line.startswith(f"{one.worker.id:<5}"))
        assert state_text(one.shown) in line
    assert not any(unsafe(line) for line in lines)


def test_hostile_strings_fit_too() -> None:
    for title in strings(11, 300):
        assert all(cells.width(bare(line)) <= 60 for line in drawn(title, 60)), title


def test_the_table_of_the_design_at_80_columns() -> None:
    asked = Escalation(Gate.DOMAIN, "Token refresh approach?", options=("sliding", "fixed"), request="r")
    rows = (
        row(2, State.QUESTION, "Refresh sign-in tokens before people are signed out", escalation=asked)._replace(
            state_age=180, changes=None, shown=Shown(State.QUESTION, "question", "Token refresh approach?")
        ),
        row(1, State.READY, "Export the catalogue as CSV")._replace(state_age=540, changes=Changes(2, 27, 0)),
        row(3, State.WAITING, "Prices lose their last digit", "waiting for CI")._replace(
            state_age=60, changes=Changes(2, 11, 1)
        ),
    )
    found = [*worker_table.table(Overview("w", rows, (), True, "", "GitHub 12s ago"), "widgets", Paint(columns=80))]
    assert found == [
        "widgets \u00b7 3 workers \u00b7 1 needs you                                 GitHub 12s ago",
        "",
        "#    STATE              AGE  CHANGES   PR     TITLE",
        "2    \u25cf question          3m  -         -      Refresh sign-in tokens before\u2026",
        "       Token refresh approach?   1 sliding   2 fixed",
        "       orchestra tell 2 1",
        "1    \u2714 ready             9m  2 +27 -0  #31 \u25cc  Export the catalogue as CSV",
        "3    \u25cc waiting for CI    1m  2 +11 -1  #33 \u2718  Prices lose their last digit",
    ]


def test_without_utf_8_there_are_ascii_marks_alone() -> None:
    assert "".join(drawn("Title", 80, Look(ascii=True))).isascii()


def test_without_colours_there_is_bold_alone() -> None:
    import re

    codes = set(re.findall(r"\x1b\[([\d;]*)m", "".join(drawn("Title", 80, Look(plain=True)))))
    assert codes == {"0", "1"}


def test_a_pipe_gets_everything_one_line_a_worker() -> None:
    found = [*worker_table.whole_lines(view(TITLES[1]), "widgets", Paint())]
    line = next(line for line in found if line.startswith("1 "))
    assert TITLES[1] in line
    assert "https://github.com/acme/widgets/pull/1" in line
    assert "orchestra tell 1 1" in line
    assert len([line for line in found if line[:1].isdigit()]) == len(view("x").rows)


def test_plain_is_tab_separated() -> None:
    found = [*worker_table.plain_lines([("widgets", view("A\ttitle"))])]
    assert {line.count("\t") for line in found} == {10}
    assert found[0].split("\t")[:2] == ["widgets#1", "permission"]


def test_an_old_base_is_said_until_the_work_is_over() -> None:
    old = "main could not be fetched; its last commit here is 3d old"
    said = [
        any(old in line for line in worker_table.table(
            view("t")._replace(rows=(row(1, state, "t", stale_base=old),)), "t", Paint(Look(), 120, False, links=True)
        ))
        for state in (State.WORKING, State.QUESTION, State.MERGED)
    ]  # fmt: skip
    assert said == [True, True, False]
