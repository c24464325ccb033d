"""Events for the state machine: sensible ones, and any."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from orchestra.core.lifecycle import machine
from orchestra.core.models import Event

AT = "2026-01-08T11:15:00Z"


SPAWN = Event("spawned", AT, "human", {"id": "124", "title": "Add auth", "nonce": "n1", "agentSession": "s1"})


def happened(kind: str, by: str, /, **facts: Any) -> Event:
    """Any event, as a journal may hold it; what orchestra itself records is made by `core/events`."""
    return Event(kind, "", by, facts)


def happened_at(kind: str, at: str, by: str, /, **facts: Any) -> Event:
    """The same, at a time."""
    return Event(kind, at, by, facts)


def event(kind: str, **facts: Any) -> Event:
    return Event(kind, "2026-01-08T12:00:00Z", "test", facts)


def told(text: str, answers: str | None = None) -> Event:
    return event("told", text=text, answers=answers, **{"from": "human"})


ASK = event("escalated", gate="domain", summary="sliding or fixed?", options=["sliding", "fixed"], request="r1")


READY = {"number": 42, "state": "open", "headSha": "a" * 40, "checks": "passing", "mergeable": True, "unresolved": 0}


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.sampled_from(["r1", "g1", "working"])
)


JSON = st.recursive(
    SCALARS, lambda more: st.lists(more, max_size=3) | st.dictionaries(st.text(max_size=5), more, max_size=3)
)


KEYS = ["id", "status", "summary", "gate", "request", "text", "from", "answers", "guidance", "signature", "passed", "what",
        "reason", "pullRequest", "session", "background", "tried", "options", "snapshot", "after", "queued"]  # fmt: skip


EVENTS = st.builds(
    Event,
    kind=st.sampled_from(machine.kinds()) | st.text(max_size=5),
    at=st.just(AT),
    by=st.just("any"),
    data=st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6),
)


SENSIBLE = st.sampled_from(
    [
        event("accepted"),
        event("turn-ended"),
        event("reported", status="working"),
        ASK,
        told("sliding", "r1"),
        told("more"),
        event("paused"),
        event("budgeted", budget={"tokens": 1000}),
        event("resumed"),
        event("shipped", pullRequest=READY),
        event("pull", pullRequest=READY),
        event("cancelled"),
        event("blocked", summary="may I?"),
        event("unblocked"),
        event("ended"),
        event("launched"),
        SPAWN,
    ]
)
