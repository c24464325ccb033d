"""The order of the backlog: tables for what waits and why, and properties over any backlog."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core import backlog
from orchestra.core.models import Status, Worker
from orchestra.core.pull_request import Pull

pytestmark = pytest.mark.fast

OPEN = Pull(9, "open")


def worker(number: str, status: Status = Status.QUEUED, **facts: object) -> Worker:
    base = Worker(number, f"Issue {number}", status, "", started_at=f"2026-01-08T11:15:{int(number):02}Z")
    return base._replace(**facts)  # type: ignore[arg-type]


def known(*workers: Worker) -> dict[str, Worker]:
    return {one.id: one for one in workers}


@pytest.mark.parametrize(
    ("queued", "others", "why"),
    [
        pytest.param(worker("9"), [], "for a free place", id="nothing but a place"),
        pytest.param(
            worker("9", after=("1",)),
            [worker("1", Status.SHIPPING)],
            "for #1 (shipping), then a free place",
            id="after",
        ),
        pytest.param(worker("9", after=("1",)), [], "for #1 (no worker yet), then a free place", id="not spawned"),
        pytest.param(
            worker("9", after=("1",)),
            [worker("1", Status.CANCELLED)],
            "for #1 (no worker yet), then a free place",
            id="cancelled",
        ),
        pytest.param(
            worker("9", after=("1",)),
            [worker("1", Status.COMPLETE, pull=OPEN)],
            "for a free place",
            id="complete is enough",
        ),
        pytest.param(
            worker("9", blocked_by=("1",)),
            [worker("1", Status.COMPLETE, pull=OPEN)],
            "for #1 (complete), then a free place",
            id="GitHub closes an issue with the merge",
        ),
        pytest.param(
            worker("9", blocked_by=("1",)),
            [worker("1", Status.COMPLETE)],
            "for a free place",
            id="without a pull request",
        ),
        pytest.param(
            worker("9", blocked_by=("1",)), [worker("1", Status.MERGED, pull=OPEN)], "for a free place", id="merged"
        ),
        pytest.param(
            worker("9", after=("1",), blocked_by=("2", "acme/gadgets#3")),
            [worker("1", Status.STUCK), worker("2")],
            "for #2 (queued), acme/gadgets#3 (no worker yet), #1 (stuck), then a free place",
            id="several",
        ),
        pytest.param(worker("9", on_hold=True), [], "on hold: orchestra queue release 9", id="on hold"),
        pytest.param(
            worker("9", after=("1",)),
            [worker("1", blocked_by=("2",)), worker("2", after=("9",))],
            "for ever: #9 -> #1 -> #2 -> #9 wait for each other",
            id="a cycle",
        ),
    ],
)
def test_why_a_worker_waits(queued: Worker, others: list[Worker], why: str) -> None:
    assert backlog.reason(queued, known(queued, *others)) == why


@pytest.mark.parametrize(
    ("waits", "start", "around"),
    [
        ({}, "1", ()),
        ({"1": ["2"]}, "1", ()),
        ({"1": ["1"]}, "1", ("1", "1")),
        ({"1": ["2"], "2": ["1"]}, "1", ("1", "2", "1")),
        ({"1": ["2", "3"], "3": ["4"], "4": ["1"]}, "1", ("1", "3", "4", "1")),
        ({"1": ["2"], "2": ["3"], "3": ["2"]}, "1", ()),
    ],
)
def test_a_cycle_is_found_and_named(waits: dict[str, list[str]], start: str, around: tuple[str, ...]) -> None:
    assert backlog.cycle(start, waits) == around


def test_the_order_is_the_users_then_by_label_then_by_age() -> None:
    workers = [
        worker("1"),
        worker("2", labels=("later",)),
        worker("3", labels=("urgent", "ui")),
        worker("4", queue_order=-1),
    ]
    assert [one.id for one in backlog.in_order(workers, ["urgent", "later"])] == ["4", "3", "2", "1"]
    assert [one.id for one in backlog.in_order(workers, [])] == ["4", "1", "2", "3"]


def test_a_worker_on_review_takes_no_place() -> None:
    workers = [worker("1", Status.WORKING), worker("2", Status.COMPLETE), worker("3", Status.PAUSED), worker("4")]
    assert backlog.free_slots(workers, 2) == 1
    assert [one.id for one in backlog.startable(workers, 2, [])] == ["4"]


@given(st.permutations("12345"), st.sampled_from("12345"), st.integers(-3, 9), st.permutations("12345"))
def test_a_moved_worker_is_where_it_was_put_and_the_others_keep_their_order(
    ages: list[str], number: str, place: int, later: list[str]
) -> None:
    workers = {one: worker(one, started_at=str(at)) for at, one in enumerate(ages)}
    for mover, to in ((number, place), (later[0], 2)):
        before = [one.id for one in backlog.in_order(workers.values(), [])]
        for one, order in backlog.moved(list(workers.values()), [], mover, to).items():
            workers[one] = workers[one]._replace(queue_order=order)
        after = [one.id for one in backlog.in_order(workers.values(), [])]
        assert after.index(mover) == min(max(to, 1), 5) - 1
        assert [one for one in after if one != mover] == [one for one in before if one != mover]


def test_who_comes_later_queues_behind_those_that_were_moved() -> None:
    workers = {one: worker(one) for one in "123"}
    for one, order in backlog.moved(list(workers.values()), [], "3", 1).items():
        workers[one] = workers[one]._replace(queue_order=order)
    workers["4"] = worker("4", labels=("urgent",))
    assert [one.id for one in backlog.in_order(workers.values(), ["urgent"])] == ["3", "4", "1", "2"]


NUMBERS = st.sampled_from([str(number) for number in range(1, 9)])
ANY = st.builds(
    worker,
    NUMBERS,
    st.sampled_from(list(Status)),
    after=st.lists(NUMBERS, max_size=3).map(tuple),
    blocked_by=st.lists(NUMBERS, max_size=3).map(tuple),
    on_hold=st.booleans(),
    queue_order=st.integers(-3, 3),
    pull=st.sampled_from([None, OPEN]),
)


@given(st.lists(ANY, max_size=8, unique_by=lambda one: one.id), st.integers(1, 5))
def test_whatever_the_backlog_only_free_work_starts_and_no_free_work_is_left(workers: list[Worker], slots: int) -> None:
    everyone = known(*workers)
    chosen = backlog.startable(workers, slots, [])
    free = backlog.free_slots(workers, slots)
    ready = [
        one
        for one in workers
        if one.status is Status.QUEUED and not one.on_hold and not backlog.waits_for(one, everyone)
    ]
    assert len(chosen) == min(free, len(ready))
    assert {one.id for one in chosen} <= {one.id for one in ready}
    for one in chosen:
        for number in one.after:
            assert everyone[number].status in (Status.COMPLETE, Status.MERGED)
        for number in one.blocked_by:
            assert everyone[number].status in (Status.COMPLETE, Status.MERGED)


@given(st.lists(ANY, max_size=8, unique_by=lambda one: one.id))
def test_every_queued_worker_says_why_it_waits(workers: list[Worker]) -> None:
    for one in workers:
        if one.status is Status.QUEUED:
            assert backlog.reason(one, known(*workers)).startswith(("for ", "on hold"))
