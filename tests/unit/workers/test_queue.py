"""Who may start, who waits for what, and how the user moves the queue: on session files, with a tracker of stubs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture
from support.stub_project import StubProject

from orchestra.commands import queue as commands
from orchestra.config.schema import Queue, Workers
from orchestra.core.models import Status, Worker
from orchestra.core.radar import Meeting
from orchestra.errors import OrchestraError, Unreachable, UsageError
from orchestra.workers import queue
from orchestra.workers.radar import Seen, keep

pytestmark = pytest.mark.fast

QUEUED = Status.QUEUED


@pytest.fixture
def project(tmp_path: Path, mocker: MockerFixture) -> Any:
    mocker.patch.object(commands, "refresh")
    return StubProject(tmp_path, workers=Workers(max=2), queue=Queue(priorities=("urgent", "soon")))


def ids(workers: list[Worker]) -> list[str]:
    return [worker.id for worker in workers]


def at(second: int) -> str:
    return f"2026-01-08T11:15:{second:02}Z"


def test_the_oldest_start_first_as_far_as_there_are_places(project: Any) -> None:
    project.has("1")
    project.has("5", QUEUED, started_at=at(2))
    project.has("6", QUEUED, started_at=at(1))
    assert ids(queue.startable(project)) == ["6"]
    project.has("1", Status.COMPLETE)
    assert ids(queue.startable(project)) == ["6", "5"]


@pytest.mark.parametrize(
    ("others", "starts"),
    [
        ([], True),
        ([("1", Status.WORKING)], True),
        ([("1", Status.WORKING), ("2", Status.STUCK)], False),
        ([("1", Status.WORKING), ("2", Status.COMPLETE)], True),
        ([("1", Status.WORKING), ("2", QUEUED)], False),
    ],
    ids=["alone", "there is a place", "there is none", "one that is in review takes none", "another is before it"],
)
def test_a_new_worker_starts_at_once_or_waits(project: Any, others: list[tuple[str, Status]], starts: bool) -> None:
    for number, status in others:
        project.has(number, status)
    wanted = Worker("9", "New", Status.REGISTERED, "")
    assert queue.may_start(project, wanted) is starts


def test_a_new_worker_waits_for_what_is_not_done(project: Any) -> None:
    project.has("1")
    assert not queue.may_start(project, Worker("9", "New", Status.REGISTERED, "", after=("1",)))
    project.has("1", Status.COMPLETE)
    assert queue.may_start(project, Worker("9", "New", Status.REGISTERED, "", after=("1",)))


def test_a_circle_is_refused_also_over_issues_without_a_worker(project: Any) -> None:
    project.has_issue("2", "3")
    project.has_issue("3", "1")
    with pytest.raises(OrchestraError, match="#1 would wait for itself: #1 -> #2 -> #3 -> #1") as refused:
        queue.check_cycle(project, Worker("1", "One", QUEUED, "", blocked_by=("2",)))
    assert refused.value.hint == "start it without waiting: orchestra spawn 1 --now"
    queue.check_cycle(project, Worker("1", "One", QUEUED, "", blocked_by=("8",)))  # not an issue of this tracker


def test_a_tracker_that_does_not_answer_is_said_and_not_guessed(project: Any) -> None:
    def unreachable(number: str) -> Any:
        raise Unreachable("GitHub does not answer")

    project.tracker.issue = unreachable
    project.has("1", QUEUED, after=("2",))
    with pytest.raises(Unreachable):
        queue.check_cycle(project, Worker("3", "Three", QUEUED, "", blocked_by=("4",)))
    with pytest.raises(Unreachable):
        queue.refreshed(project, project.worker("1"))


def test_what_only_the_tracker_can_end(project: Any) -> None:
    project.has("1")
    project.has("2", Status.CANCELLED)
    project.has("5", QUEUED, after=("1",))
    project.has("6", QUEUED, blocked_by=("2",))
    project.has("7", QUEUED, blocked_by=("8",))
    assert ids(queue.blocked_from_outside(project)) == ["6", "7"]


def test_a_queued_worker_is_brought_up_to_what_the_tracker_says(project: Any) -> None:
    project.has_issue("3", state="closed")
    project.has_issue("7", "4", "5")
    project.has("7", QUEUED, after=("3", "9"), blocked_by=("4",))
    found = queue.refreshed(project, project.worker("7"))
    assert (found.after, found.blocked_by) == (("9",), ("4", "5")), "what cannot be looked up may still come"
    assert queue.refreshed(project, found) == found
    free = project.has("7", QUEUED, ignores_blockers=True)
    assert queue.refreshed(project, free).blocked_by == ()


def test_closed_issues_are_not_waited_for(project: Any) -> None:
    project.has("1", Status.MERGED)
    project.has_issue("2", state="closed")
    project.has_issue("3")
    assert queue.open_of(project, ["1", "2", "3"]) == ("1", "3")
    with pytest.raises(OrchestraError, match="there is no issue #4"):
        queue.open_of(project, ["4"])


def test_the_reason_names_what_comes_next(project: Any) -> None:
    project.has("1", Status.SHIPPING)
    waiting = project.has("7", QUEUED, after=("1",))
    assert queue.reason(project, waiting) == "for #1 (shipping), then a free place"


# --- orchestra queue ---


def test_the_queue_as_it_is_shown(project: Any) -> None:
    project.has("1")
    project.has("5", QUEUED, labels=("soon",), started_at=at(1))
    project.has("6", QUEUED, labels=("bug", "urgent"), started_at=at(2))
    project.has("7", QUEUED, after=("1",), started_at=at(0))
    view = commands.queue(project)
    assert [(row.place, row.worker.id, row.priority) for row in view.rows] == [
        (1, "6", "urgent"), (2, "5", "soon"), (3, "7", ""),
    ]  # fmt: skip
    assert (view.taken, view.places) == (1, 2)
    assert [str(wait) for wait in view.rows[2].waits] == ["#1 (working)"]


@pytest.mark.parametrize(
    ("place", "order"),
    [
        ("first", ["7", "5", "6", "8"]),
        ("up", ["5", "7", "6", "8"]),
        ("down", ["5", "6", "8", "7"]),
        ("last", ["5", "6", "8", "7"]),
        ("2", ["5", "7", "6", "8"]),
        ("99", ["5", "6", "8", "7"]),
    ],
)
def test_a_queued_worker_is_moved(project: Any, place: str, order: list[str]) -> None:
    for number in ("5", "6", "7", "8"):
        project.has(number, QUEUED, started_at=at(int(number)))
    assert [row.worker.id for row in commands.queue_move(project, "7", place).rows] == order


@pytest.mark.parametrize("place", ["", "top", "-1", "1.5", "9999999", "\u0661"])
def test_a_place_that_is_not_one(project: Any, place: str) -> None:
    project.has("7", QUEUED)
    with pytest.raises(UsageError, match="a place is first, last, up, down or a number"):
        commands.queue_move(project, "7", place)


def test_a_worker_is_held_released_and_dropped(project: Any) -> None:
    project.has("7", QUEUED)
    commands.queue_hold(project, "7")
    assert queue.startable(project) == []
    assert commands.queue(project).rows[0].why == "on hold: orchestra queue release 7"
    commands.queue_release(project, "7")
    assert ids(queue.startable(project)) == ["7"]
    commands.queue_drop(project, "7")
    assert project.worker("7").status is Status.CANCELLED


def test_only_what_is_queued_can_be_moved_or_dropped(project: Any) -> None:
    project.has("7")
    for act in (lambda: commands.queue_move(project, "7", "first"), lambda: commands.queue_drop(project, "7")):
        with pytest.raises(OrchestraError, match="#7 is not queued; it is working"):
            act()
    with pytest.raises(OrchestraError, match="#7: "):
        commands.queue_hold(project, "7")
    with pytest.raises(OrchestraError, match="there is no worker #8"):
        commands.queue_hold(project, "8")


def test_the_order_of_merges_goes_by_the_conflicts_that_are_known(project: Any) -> None:
    for number in ("1", "2", "3"):
        project.has(number)
    keep(project, Seen({}, {}, (Meeting("1", "2", ("a.py",), conflict=True),)))
    assert {step.number for step in commands.merge_order(project)} == {"1", "2", "3"}
