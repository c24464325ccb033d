"""What must be read before a request is answered."""

from __future__ import annotations

import pytest

from orchestra.core.attention import ObservedWorker
from orchestra.core.models import Activity, ActivityState, Pane, Status, Worker
from orchestra.core.state import shown
from orchestra.core.text import stamp
from orchestra.ui.needs import Need, needs, text_of
from orchestra.workers.overview import WorkerRow

pytestmark = pytest.mark.fast

NOW = 1_770_000_000.0


def row(said: str, ago: float = 60.0, *, dead: bool = False) -> WorkerRow:
    doing = Activity(ActivityState.WAITING, stamp(NOW - ago), "hook:Stop", said)
    worker = Worker("2", "Refresh", Status.WORKING, stamp(NOW - 300), nonce="n", activity=doing)
    pane = Pane("%1", "2", "n", "@1", dead=dead, exit_status=1, pid=1)
    seen = ObservedWorker(worker, pane, True, None)
    return WorkerRow(seen, None, shown(seen, NOW, 600), 300.0, None)


def text(found: WorkerRow) -> list[str]:
    (need,) = needs([found])
    return [line for _, line in text_of(need)]


def test_a_question_in_prose_is_shown_whole_line_by_line() -> None:
    options = [f"{number}. option {number} of a long list" for number in range(1, 20)]
    found = row("\n".join(["I read it all.", "", "Which one do you want?", "", *options]))
    assert found.shown.word == "question"
    assert found.why.startswith("Which one do you want? option 1")
    assert text(found)[:6] == ["I read it all.", "", "Which one do you want?", "", *options[:2]]
    assert options[-1] in text(found)


def test_what_asks_nothing_says_first_why_it_needs_you() -> None:
    lines = text(row("All done.\nTests pass."))
    assert lines[0] == "ended its turn without shipping: All done. Tests pass."
    assert lines[1:3] == ["All done.", "Tests pass."]
    assert text(row("Which?", dead=True))[0] == "the agent exited with status 1"


def test_another_message_is_another_request() -> None:
    assert Need(row("Which?")).identity != Need(row("Which?", ago=30.0)).identity
