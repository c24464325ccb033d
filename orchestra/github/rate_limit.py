"""When GitHub may be asked again: one file for all processes of a project, so that none earns all of them a ban.

What GitHub names is obeyed to the second; after every other failure the wait doubles, from a minute to 15.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from typing import Any

from orchestra.core.records import Record
from orchestra.core.text import age
from orchestra.errors import OrchestraError, Unreachable
from orchestra.github.responses import LONGEST_WAIT
from orchestra.storage import json_cache
from orchestra.storage.files import locked, make_private, write_atomic
from orchestra.storage.github_heard import LAST

FIRST_WAIT = 60.0  # seconds; https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
LAST_WAIT = 900.0
WRITE_SECONDS = 1.0  # between two writes
WRITES_WAIT = 60.0
NAME = "budget.json"
WRITES = "last-write"  # its time is when something was last written


class Limited(Unreachable):
    """GitHub is not asked before `until` (seconds since the epoch)."""

    def __init__(self, sentence: str, hint: str, until: float) -> None:
        super().__init__(sentence, hint)
        self.until = until


class Failure(Record):
    """What went wrong last. `who` is whose fault it is: the mark of one token, or empty when it is everybody's."""

    sentence: str = ""
    hint: str = ""
    until: float = 0.0
    failures: int = 0
    who: str = ""
    limit: bool = False  # GitHub itself wants no request, whoever sends it

    def holds(self, now: float) -> bool:
        """True while nothing may be asked. A clock set back does not make the wait longer."""
        return 0 < self.until - now <= LONGEST_WAIT

    def told(self, now: float) -> str:
        """`GitHub: rate limit, asked again in 12m`; empty when there is no trouble."""
        when = f"in {age(self.until - now)}" if self.holds(now) else "at the next poll"
        return f"{self.sentence}, asked again {when}" if self.sentence else ""


class RequestBudget:
    """The budget below `directory`, for the token whose fingerprint is `who`. `now`: the wall clock, which all share.

    `eager`: only GitHub's own limits keep a request back, because the user waits for the answer.
    """

    def __init__(self, directory: str, who: str, now: Callable[[], float], *, eager: bool = False) -> None:
        self._path = os.path.join(directory, NAME)
        self._who, self._now, self._eager = who, now, eager
        self._unwritten: Failure | None = None  # a full disk must not make us ask more often

    def last_failure(self) -> Failure:
        """What is in the way now; nothing when the file is not there or makes no sense."""
        found = self._unwritten or self.stored()
        return found if found.who in ("", self._who) else Failure()  # another token may be better

    def check(self) -> None:
        """Raise Limited while GitHub is not to be asked."""
        now, trouble = self._now(), self.last_failure()
        if trouble.holds(now) and (trouble.limit or not self._eager):
            raise Limited(trouble.told(now), trouble.hint, trouble.until)

    def wait_to_write(self) -> None:
        """Wait until WRITE_SECONDS have passed since the last write of any process, as GitHub asks its clients to.

        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
        """
        path = os.path.join(os.path.dirname(self._path), WRITES)
        try:
            make_private(os.path.dirname(path))
            with locked(f"{path}.lock", wait=WRITES_WAIT):
                try:
                    since = self._now() - os.stat(path).st_mtime
                except FileNotFoundError:
                    since = WRITE_SECONDS
                if 0 <= since < WRITE_SECONDS:
                    threading.Event().wait(WRITE_SECONDS - since)
                write_atomic(path, "")
                os.utime(path, (self._now(), self._now()))
        except (OSError, OrchestraError):
            threading.Event().wait(WRITE_SECONDS)  # a full disk must not make us faster

    def limited(self, sentence: str, until: float, *, told: bool) -> Limited:
        """GitHub wants no request before `until`; where it has not `told` a time the wait doubles. The error to raise.

        Of two processes that hear it at the same time the later time counts.
        """
        hint = "nothing is lost; what was seen last is shown with its age"
        return self._record(sentence, hint, lambda wait, now: until if told else max(until, now + wait), limit=True)

    def failed(self, error: OrchestraError, *, mine: bool = False) -> None:
        """GitHub gave no answer, or refused this token (`mine`): ask again after a while, and then later and later."""
        self._record(error.message, error.hint, lambda wait, now: now + wait, self._who if mine else "")

    def succeeded(self) -> None:
        """GitHub answered: forget past trouble, but not what another process has been told meanwhile."""
        if self._unwritten is None and not self.stored().sentence:
            return
        self._change(lambda before: before if before.holds(self._now()) else Failure())

    def _record(
        self, sentence: str, hint: str, until: Callable[[float, float], float], who: str = "", *, limit: bool = False
    ) -> Limited:
        now = self._now()

        def after(before: Failure) -> Failure:
            held = before.holds(now) and before.who in ("", self._who)
            failures = before.failures if held else before.failures + 1  # one outage, whoever notices it
            then = until(min(FIRST_WAIT * 2 ** min(max(failures, 1) - 1, 10), LAST_WAIT), now)
            if held and before.until >= then and before.limit >= limit:
                return before
            return Failure(sentence, hint, then, failures, who, limit)

        made = self._change(after)
        return Limited(made.told(now), made.hint, made.until)

    def _change(self, change: Callable[[Failure], Failure]) -> Failure:
        try:
            make_private(os.path.dirname(self._path))
            with locked(f"{self._path}.lock"):
                made = change(self._unwritten or self.stored())
                write_atomic(self._path, json.dumps(made._asdict()))
                self._unwritten = None
        except (OSError, OrchestraError):
            made = self._unwritten = change(self._unwritten or Failure())
        return made

    def stored(self) -> Failure:
        """What the file says, whichever token it is of; nothing when it makes no sense."""
        return json_cache.read(self._path, _failure, Failure())


def _failure(found: Any) -> Failure:
    sentence, hint, who = (found[key] for key in ("sentence", "hint", "who"))
    if not all(isinstance(one, str) for one in (sentence, hint, who)):
        raise TypeError("not text")
    return Failure(sentence, hint, float(found["until"]), int(found["failures"]), who, found.get("limit") is True)


def last_words(directory: str, now: float) -> tuple[float | None, str]:
    """How long ago GitHub last answered a poll (None: never), and the present trouble of whatever token; no request."""
    try:
        heard = max(0.0, now - os.stat(os.path.join(directory, LAST)).st_mtime)
    except OSError:
        heard = None
    return heard, RequestBudget(directory, "", lambda: now).stored().told(now)
