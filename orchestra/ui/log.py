"""A journal as an audit trail: what was asked, who answered it, when, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.models import Event
from orchestra.core.text import clean

if TYPE_CHECKING:
    from orchestra.commands.log import Entry
    from orchestra.core.events import FactKey

_UNTOLD = ("nonce",)  # a worker's own token


def entries(found: Sequence[Entry]) -> Iterable[str]:
    """A line an event; what was refused says why."""
    for event, refused in found:
        said = _SAID.get(event.kind, _facts)(event)
        yield f"{clean(event.at, 30)}  {clean(event.kind, 20):<12} {clean(event.by, 24):<22} {said}".rstrip() + (
            f"  REFUSED: {clean(refused)}" if refused else ""
        )


def _facts(event: Event) -> str:
    told = ((key, value) for key, value in events.every_fact(event) if key not in _UNTOLD)
    return ", ".join(f"{key}={clean(str(value), 80)}" for key, value in told if value not in ("", [], None))


def _asked(event: Event) -> str:
    options = events.facts(event, "options")
    listed = f" [{' | '.join(clean(option, 40) for option in options)}]" if options else ""
    summary = _text(event, "summary") or _text(event, "reason")
    return f"asks ({_text(event, 'gate') or 'stuck'}): {summary}{listed}"


def _answered(event: Event) -> str:
    listed = ", ".join(clean(answer, 80) for answer in events.facts(event, "answers"))
    verb = "answers" if listed else "denies" if events.fact(event, "behavior") == "deny" else "approves"
    words = listed or _text(event, "text")
    return f"{verb} ({_text(event, 'how') or 'command'}): {_text(event, 'summary') or _text(event, 'request')}" + (
        f": {words}" if words else ""
    )


def _in_the_pane(event: Event) -> str:
    """What shows that the user answered in the pane; a hook that ended anyway says nothing of one."""
    if not events.fact(event, "how"):
        return "the tool that asked has ended" if event.kind == "unblocked" else _facts(event)
    if event.kind == "unblocked":
        return _answered(event) if event.by == "hook:PostToolUse" else f"answers (pane): {_text(event, 'summary')}"
    verb = "answers" if event.kind == "accepted" else "dismissed without approval"
    return f"{verb} (pane): {_text(event, 'summary')}"


def _told(event: Event) -> str:
    verb = "answers" if events.fact(event, "answers") else "tells"
    how = f" ({_text(event, 'how')})" if events.fact(event, "how") else ""
    return f"{verb}{how}: {_text(event, 'text')}"


def _text(event: Event, key: FactKey) -> str:
    return clean(events.fact(event, key), 160)


_SAID: Mapping[str, Callable[[Event], str]] = {
    "blocked": _asked,
    "escalated": _asked,
    "failed": _asked,
    "answered": _answered,
    "approved": _answered,
    "told": _told,
    **dict.fromkeys(("unblocked", "accepted", "turn-ended", "idle"), _in_the_pane),
    "issue": lambda event: _text(event, "text"),
    "noted": lambda event: ": ".join(filter(None, (_text(event, "text"), _text(event, "plan")))),
}
