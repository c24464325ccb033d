"""What happened to a worker, in words: the events of its journal that a reader cares about, one sentence each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.models import Event
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.core.verdict import closed_sentence

if TYPE_CHECKING:
    from orchestra.core.events import FactKey

Seen = dict[str, str]  # of the pull request: what the last event said, so that only a change is a sentence
_BY = {
    "human": "you",
    "rule": "your rule",
    "monitor": "the monitor",
    "orchestrator": "the orchestrator",
    "ship": "ship",
}
_CHECKS: dict[str, str] = {"passing": "CI passed", "failing": "CI failed", "pending": "CI runs"}
_REVIEWS = {"APPROVED": "approved on GitHub", "CHANGES_REQUESTED": "changes requested on GitHub"}


class Happened(Record):
    """One thing that happened: when (a stamp), and in words."""

    at: str
    words: str


def history(journal: Iterable[tuple[Event, str]]) -> list[Happened]:
    """Every accepted event that has something to say, in order."""
    seen: Seen = {}
    found = []
    for event, refused in journal:
        words = "" if refused else _SENTENCES.get(event.kind, _nothing)(event, seen)
        if words:
            found.append(Happened(event.at, clean(words, 400)))
    return found


def _nothing(_: Event, __: Seen) -> str:
    return ""


def _text(event: Event, key: FactKey, most: int = 300) -> str:
    return clean(events.fact(event, key), most)


def _who(event: Event) -> str:
    return _BY.get(event.by, clean(event.by, 40))


def _spawned(event: Event, _: Seen) -> str:
    return f"{'queued' if event.data.get('queued') else 'spawned'} by {_who(event)}"


def _started(event: Event, _: Seen) -> str:
    sources = {"resume": "its conversation goes on", "clear": "its conversation was cleared", "compact": ""}
    return sources.get(_text(event, "source"), "its agent started")


def _accepted(event: Event, _: Seen) -> str:
    return f"answered in the pane: {_text(event, 'summary')}" if events.fact(event, "how") else ""


def _turn_ended(event: Event, _: Seen) -> str:
    said = _text(event, "said", 160)
    return f"ended its turn: {said}" if said else ""


def _asks(event: Event, _: Seen) -> str:
    summary = _text(event, "summary") or _text(event, "reason")
    verb = {"permission": "asks for permission", "plan": "asks to approve its plan"}.get(_text(event, "gate"), "asks")
    return f"{verb}: {summary}"


def _failed(event: Event, _: Seen) -> str:
    return f"stuck: {_text(event, 'reason')}"


def _answered(event: Event, _: Seen) -> str:
    listed = ", ".join(clean(answer, 80) for answer in events.facts(event, "answers"))
    verb = "answered" if listed else "denied" if events.fact(event, "behavior") == "deny" else "approved"
    words = listed or _text(event, "text")
    verb += " for good" if event.data.get("always") is True else ""
    return f"{verb} by {_who(event)}: {words or _text(event, 'summary') or _text(event, 'request')}"


def _unblocked(event: Event, _: Seen) -> str:
    return f"answered in the pane: {_text(event, 'summary')}" if events.fact(event, "how") else ""


def _told(event: Event, _: Seen) -> str:
    sender = _text(event, "from", 40)
    who = _who(event) if sender == "human" else _BY.get(sender, sender)
    return f"told by {who}: {_text(event, 'text')}"


def _reported(event: Event, _: Seen) -> str:
    return f"reports: {_text(event, 'status')}" + (", with a plan" if events.fact(event, "plan") else "")


def _verified(event: Event, _: Seen) -> str:
    if events.flag(event, "passed"):
        return "verify passed"
    last = [line for line in events.fact(event, "tail").splitlines() if line.strip()]
    return "verify failed" + (f": {clean(last[-1], 160)}" if last else "")


def _attempted(event: Event, _: Seen) -> str:
    if events.flag(event, "passed") or events.fact(event, "what") != "restart":
        return ""
    return f"its agent was started again: {_text(event, 'why')}"


def _shipped(event: Event, seen: Seen) -> str:
    if events.flag(event, "local"):
        return "shipped: its change is ready to review"
    again, seen["shipped"] = "shipped" in seen, "yes"
    return f"{'pushed again' if again else 'pull request opened'}: {_text(event, 'url')}"


def _pull(event: Event, seen: Seen) -> str:
    """What GitHub says anew of the pull request."""
    pull = events.pull_of(event)
    if pull is None:
        return ""
    now = {
        "checks": (f"{pull.checks} {pull.head_sha}", _CHECKS.get(pull.checks, "")),
        "review": (str(pull.review_decision), _REVIEWS.get(pull.review_decision or "", "")),
        "lost": (pull.lost, pull.lost),
        "state": (
            pull.state,
            {"merged": "merged", "closed": f"its pull request was {closed_sentence(pull)}"}.get(pull.state, ""),
        ),
    }
    said = [words for key, (value, words) in now.items() if words and seen.get(key) != value]
    seen.update({key: value for key, (value, _) in now.items()})
    return ", ".join(said)


def _budgeted(event: Event, _: Seen) -> str:
    limits = [f"{name} {most}" for name, most in events.budget_of(event).items()]
    return f"may use {', '.join(limits)}" if limits else "goes on beyond the day's budget"


def _paused(event: Event, _: Seen) -> str:
    return f"paused: {_text(event, 'reason')}" if events.fact(event, "reason") else f"paused by {_who(event)}"


def _ended(event: Event, _: Seen) -> str:
    reason = _text(event, "reason")
    known = {"prompt_input_exit": "you ended its agent", "other": "its agent ended"}  # Claude Code's words
    return known.get(reason, f"its agent ended: {reason}" if reason else "")


def _noted(event: Event, _: Seen) -> str:
    return _text(event, "text")


def _limited(event: Event, _: Seen) -> str:
    return f"stopped by its provider: {_text(event, 'detail')}"


def _by(verb: str) -> Callable[[Event, Seen], str]:
    return lambda event, _: f"{verb} by {_who(event)}"


def _approved(event: Event, _: Seen) -> str:
    return f"approved by {_who(event)}: {_text(event, 'summary') or _text(event, 'request')}"


_SENTENCES: Mapping[str, Callable[[Event, Seen], str]] = {
    "spawned": _spawned,
    "dispatched": lambda _, __: "left the queue",
    "started": _started,
    "accepted": _accepted,
    "turn-ended": _turn_ended,
    "blocked": _asks,
    "escalated": _asks,
    "failed": _failed,
    "answered": _answered,
    "unblocked": _unblocked,
    "told": _told,
    "approved": _approved,
    "reported": _reported,
    "verified": _verified,
    "attempted": _attempted,
    "shipped": _shipped,
    "pull": _pull,
    "issue": lambda event, _: _text(event, "text") or "its issue is open again",
    "landed": lambda _, __: "merged into its base",
    "budgeted": _budgeted,
    "paused": _paused,
    "resumed": _by("resumed"),
    "cancelled": _by("cancelled"),
    "limited": _limited,
    "retrying": lambda event, _: _text(event, "what") or "its API has answered",
    "unclear": lambda event, _: f"not known: {_text(event, 'reason')}",
    "ended": _ended,
    "noted": _noted,
}
