"""A project without tmux, agent or network: the store is real, the rest of it is what a test says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock

from orchestra.config.schema import Config
from orchestra.core import events
from orchestra.core.models import Activity, ActivityState, Pane, Status, Worker
from orchestra.core.text import stamp
from orchestra.errors import OrchestraError
from orchestra.storage.session_store import Store

if TYPE_CHECKING:
    from pathlib import Path

START = 1_767_870_900.0


class StubProject(SimpleNamespace):
    """What functions ask of a project. `clock` is the wall clock in epoch seconds; the repository has no branch."""

    def __init__(self, directory: Path, **config: Any) -> None:
        super().__init__()
        self.clock = START
        self.now = lambda: self.clock
        self.store = Store(str(directory / "home"), "p", self.now)
        self.config = Config(**config)
        self.key, self.who, self.tracker_name, self.per_window = "p", "human", "local", 4
        self.head_repo = lambda branch: None  # pushed to the repository itself
        self.issues: dict[str, Any] = {}
        self.tracker = SimpleNamespace(issue=self._issue, blockers=lambda issue: issue.blockers)
        self.repository = MagicMock()
        self.repository.branch_tip.return_value = None
        self.panes = MagicMock()
        self.panes.drawn.return_value = ""

    def _issue(self, number: str) -> Any:
        if number not in self.issues:
            raise OrchestraError(f"there is no issue #{number}")
        return self.issues[number]

    def has_issue(self, number: str, *blockers: str, state: str = "open") -> None:
        """An issue of the tracker, which waits for the open ones among `blockers`."""
        waits = tuple(SimpleNamespace(number=one) for one in blockers)
        self.issues[number] = SimpleNamespace(number=number, state=state, blockers=waits)

    def has(self, number: str = "7", status: Status = Status.WORKING, **changes: Any) -> Worker:
        """A worker on disk, as this snapshot says."""
        given: dict[str, Any] = {
            "title": "One", "status_since": stamp(START), "nonce": f"n{number}", "started_at": stamp(START),
            "branch": f"issue-{number}", "base": "main", "base_commit": "b" * 40, "agent": "scripted",
        }  # fmt: skip
        worker = Worker(number, status=status, **{**given, **changes})
        recorded = self.store.record(number, events.adopted("human", worker))
        assert recorded.worker is not None, recorded.refused
        return recorded.worker

    def worker(self, number: str = "7") -> Worker:
        """The worker as it is on disk now."""
        found = self.store.read(number)
        assert found is not None
        return found

    def journal(self, number: str = "7") -> list[str]:
        """The kinds of events since the worker was put there."""
        return [event.kind for event, _ in self.store.journal(number)][1:]


def doing(state: ActivityState, *, seconds: float = 0.0, **changes: Any) -> Activity:
    """An activity that began so many seconds before START."""
    return Activity(state, stamp(START - seconds), **changes)


def pane(worker: Worker, *, dead: bool = False) -> Pane:
    """The worker's pane."""
    return Pane("%1", worker.id, worker.nonce, "@1", dead, 1 if dead else None, 4711)
