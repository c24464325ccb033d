"""Whole runs of the queue: any backlog, any answers, failures and cancels, and a monitor that is killed in between."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, patch

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.stub_project import StubProject, pane

from orchestra.config.schema import Workers
from orchestra.core import backlog, events
from orchestra.core.attention import ObservedWorker
from orchestra.core.lifecycle import machine
from orchestra.core.models import Pane, Status, Worker
from orchestra.core.state import Shown, State
from orchestra.monitor import reconcile
from orchestra.workers.overview import Overview, WorkerRow
from orchestra.workers.stacks import Start

pytestmark = pytest.mark.fast
NUMBERS = [str(number) for number in range(1, 8)]
NUMBER = st.sampled_from(NUMBERS)


class Killed(BaseException):
    """The monitor's process ends here."""


class Run:
    """A project in which the workers do what a test says, and the monitor's passes over it."""

    def __init__(self, directory: Path, after: dict[str, tuple[str, ...]], slots: int) -> None:
        self.project: Any = StubProject(directory, workers=Workers(slots))
        self.memory = reconcile.Memory(lambda _: "")
        self.opened: list[str] = []
        self.panes: dict[str, Pane] = {}
        self.kill = ""
        for place, number in enumerate(NUMBERS):
            self.project.has_issue(number)
            started = f"2026-01-08T11:15:{place:02}Z"
            self.project.has(number, Status.QUEUED, after=after.get(number, ()), started_at=started)

    def known(self) -> dict[str, Worker]:
        return {one.id: one for one in self.project.store.listing().workers}

    def overview(self, _: Any, *, changes: bool) -> Overview:
        shown = Shown(State.WORKING, "working")
        rows = tuple(
            WorkerRow(ObservedWorker(one, self.panes.get(one.id), True), None, shown, 0.0, None)
            for one in self.known().values()
        )
        return Overview("p", rows, (), True)

    def open_pane(self, _: Any, worker: Worker, *, per_window: int) -> None:
        if self.kill == "before the pane":
            raise Killed
        self.opened.append(worker.id)
        self.panes[worker.id] = pane(worker)
        if self.kill == "after the pane":
            raise Killed

    def start_again(self, project: Any, number: str, by: str) -> None:
        self.project.store.record(number, events.launched(by))
        self.open_pane(project, self.known()[number], per_window=4)

    def look(self, kill: str = "") -> None:
        """A pass of the monitor; a killed one is followed by another monitor's, which remembers nothing."""
        before, self.kill = self.known(), kill
        try:
            reconcile.reconcile(self.project, self.memory)
        except Killed:
            self.memory = reconcile.Memory(lambda _: "")
        self.check(before, killed=bool(kill))

    def check(self, before: dict[str, Worker], *, killed: bool) -> None:
        now = self.known()
        assert set(now) == set(NUMBERS)  # nothing is lost
        slots = self.project.config.workers.max
        # What was complete may have come back to work and have taken a place that was another's by then.
        taken = sum(one.status in backlog.OCCUPYING for one in before.values())
        started = [one for one in now.values() if before[one.id].status is Status.QUEUED is not one.status]
        assert len(started) <= max(0, slots - taken)
        for number, worker in now.items():
            if before[number].status is Status.QUEUED and worker.status is Status.REGISTERED:
                done = [before[other].status for other in worker.after if other in before]
                assert all(status in backlog.DONE for status in done), (number, worker.after, done)
            journal = [event for event, refused in self.project.store.journal(number) if not refused]
            assert machine.fold(journal) == worker._replace(journal_bytes=0, extra={}) or worker.journal_bytes
        if not killed:
            assert backlog.startable(list(now.values()), slots, ()) == []  # nothing waits that could start

    def happens(self, what: str, number: str) -> None:
        """The user or an agent does something, as far as the worker's state allows it."""
        worker = self.known()[number]
        event = {
            "completes": events.shipped_locally("ship", "git diff"),
            "cancels": events.cancelled("human"),
            "fails": events.failed("monitor", "it does not work"),
            "pauses": events.paused("human"),
            "resumes": events.resumed("human"),
        }[what]
        if what == "resumes" and backlog.free_slots(self.known().values(), self.project.config.workers.max) < 1:
            return  # a resume may go beyond the number of places: the user asked for it
        if worker.status is Status.QUEUED and what in ("fails", "pauses"):
            return
        self.project.store.record(number, event)


STEPS = st.one_of(
    st.tuples(st.just("look"), st.sampled_from(["", "", "before the pane", "after the pane"])),
    st.tuples(st.sampled_from(["completes", "completes", "cancels", "fails", "pauses", "resumes"]), NUMBER),
)


@example({}, 1, [("completes", "1"), ("look", ""), ("fails", "1")])
@given(
    st.dictionaries(NUMBER, st.lists(NUMBER, max_size=2, unique=True).map(tuple), max_size=6),
    st.integers(1, 4),
    st.lists(STEPS, max_size=14),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_the_order_holds_and_the_queue_goes_on(
    after: dict[str, tuple[str, ...]], slots: int, steps: list[tuple[str, str]]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        run = Run(Path(directory), after, slots)
        stacks = MagicMock()
        stacks.start_of.side_effect = lambda project, parent, base: Start(parent, base, "c" * 40)
        with (
            patch.object(reconcile, "overview", run.overview),
            patch.object(reconcile, "announce", return_value=()),
            patch.object(reconcile, "refresh"),
            patch.object(reconcile, "stacks", stacks),
            patch.object(reconcile, "_worker"),  # agents do what the steps say
            patch("orchestra.monitor.reconcile.git_config_guard.settle"),
            patch("orchestra.monitor.reconcile.PullRequests.look"),
            patch("orchestra.monitor.reconcile.conflicts.look"),
            patch("orchestra.monitor.reconcile.launch.check_agent"),
            patch("orchestra.monitor.reconcile.launch.open_pane", run.open_pane),
        ):
            run.look()
            for what, more in steps:
                run.look(more) if what == "look" else run.happens(what, more)
            run.look()
            assert len(run.opened) == len(set(run.opened))  # one worker for each issue
