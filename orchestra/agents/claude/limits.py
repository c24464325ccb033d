"""Why Claude Code stopped for want of an answer from the API: what to show, until when, and what the user does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from orchestra.core.regex import regex
from orchestra.core.text import clean, stamp

_GO_ON = "then tell it to go on."
_FIXES: Mapping[str, str] = {
    "authentication_failed": f"Open its pane, run /login (or renew the key), {_GO_ON}",
    "oauth_org_not_allowed": f"Open its pane, run /login with an account that is allowed, {_GO_ON}",
    "billing_error": f"Add credit or raise the spending limit, {_GO_ON}",
    "rate_limit": f"Wait until the limit resets, {_GO_ON}",
    "overloaded": f"Wait a few minutes (the trouble is on the API's side), {_GO_ON}",
    "server_error": f"Wait a few minutes (the trouble is on the API's side), {_GO_ON}",
    "model_not_found": "Set another `model` for the agent in orchestra.yaml, then restart the worker.",
    "invalid_request": "Open its pane and read the message; /compact helps when the conversation is too long.",
    "max_output_tokens": "Tell it to go on in smaller steps.",
}
_UNKNOWN = f"Open its pane and read the message, {_GO_ON}"

# `You've hit your session limit · resets 3:30pm (Europe/Paris)`, `... · resets Nov 25, 2027, 3pm (UTC)`;
# older versions: `usage limit reached|1795356890`
_RESETS = regex(
    r"resets (?:([A-Z][a-z]{2}) (\d{1,2}),? (?:(\d{4}),? )?(?:at )?)?"
    r"(\d{1,2})(?::(\d\d))? ?([ap])m(?: \(([\w/+-]{1,40})\))?",
    re.ASCII | re.IGNORECASE,
)
_EPOCH = regex(r"limit reached\|(\d{10})\b", re.ASCII)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def limited(payload: Mapping[str, Any], now: float | None) -> dict[str, Any]:
    """The data of a `limited` event: `kind`, `detail`, `until` (a stamp or None) and `mend`, what to do about it."""
    error, said, details = (payload.get(key) for key in ("error", "last_assistant_message", "error_details"))
    kind = clean(error, 40) if isinstance(error, str) and error else "unknown"
    detail = next((clean(text, 300) for text in (said, details) if isinstance(text, str) and text.strip()), "")
    until = resets_at(detail, now)
    return {"kind": kind, "detail": detail, "until": until, "mend": _FIXES.get(kind, _UNKNOWN)}


def resets_at(text: str, now: float | None) -> str | None:
    """The time a limit's text promises, as a stamp; None when it names none, or a clock time and `now` is not known."""
    epoch, found = _EPOCH.search(text), _RESETS.search(text)
    if epoch:
        return stamp(int(epoch.group(1)))
    if not found or now is None or int(found.group(4)) > 12:
        return None
    month, day, year, hour, minute, half, zone = found.groups()
    try:
        here = datetime.fromtimestamp(now, _zone(zone))
        clock = here.replace(
            hour=int(hour) % 12 + 12 * (half in "pP"), minute=int(minute or 0), second=0, microsecond=0
        )
        if month is None:
            return stamp((clock if clock > here else clock + timedelta(days=1)).timestamp())
        date = clock.replace(year=int(year or here.year), month=_MONTHS.index(month.lower()) + 1, day=int(day))
        if not year and date < here - timedelta(days=180):
            date = date.replace(year=here.year + 1)
        return stamp(date.timestamp())
    except (ValueError, OverflowError, OSError):
        return None


def _zone(name: str | None) -> tzinfo | None:
    """The named zone, or None for this machine's own; the program always names one."""
    if name in ("UTC", "GMT"):
        return UTC
    if not name:
        return None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as unknown:
        raise ValueError(name) from unknown
