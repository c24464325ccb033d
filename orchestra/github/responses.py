"""What GitHub answers, read: JSON to our nouns, refusals to sentences. Pure, and the only reader of its keys."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, NoReturn, TypeVar

from orchestra.core.models import Issue
from orchestra.core.pull_request import Checks, Pull
from orchestra.core.text import age, clean, is_id, stamp
from orchestra.errors import OrchestraError, Unreachable

T = TypeVar("T")

LONGEST_WAIT = 3600.0  # seconds; GitHub's window is an hour, whatever a header says
STATUS_PAGE = "Try again in a minute; https://www.githubstatus.com says more"

_PASSED = {"success", "neutral", "skipped"}
_FAILED = {"failure", "error", "cancelled", "timed_out", "action_required", "startup_failure"}
# Anyone may approve on a public repository; on GitHub too only these people's approval counts.
_STRANGERS = {"NONE", "CONTRIBUTOR", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN"}
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)


class RateLimited(Unreachable):
    """GitHub wants no request before `retry_at` (seconds since the epoch)."""

    def __init__(self, name: str, retry_at: float, now: float) -> None:
        super().__init__(
            f"{name}'s rate limit is reached until {stamp(retry_at)}",
            f"Nothing is lost; try again in {age(retry_at - now)}",
        )
        self.retry_at = retry_at


class Missing(OrchestraError):
    """404 or 410: the thing asked for is not there, or the repository, or this token's right to see it."""


class Invalid(OrchestraError):
    """422, with GitHub's reasons."""

    def __init__(self, name: str, reasons: tuple[str, ...]) -> None:
        super().__init__(f"{name} refused it: {'; '.join(reasons)}", "orchestra list shows where the work stands")
        self.reasons = reasons

    def says(self, words: str) -> bool:
        """True when one of the reasons holds these words (lower case)."""
        return any(words in reason.lower() for reason in self.reasons)


class RepositoryAddress(NamedTuple):
    """Which repository of which GitHub is asked, for addresses and sentences."""

    name: str  # GitHub, as people call this one
    slug: str  # owner/repo
    web: str  # https://github.com/owner/repo


def issue(answer: Any, place: RepositoryAddress) -> Issue:
    """One issue. Its address is made, not taken: it cannot lead anywhere else."""
    number = _number(answer)
    return Issue(
        number=str(number),
        title=required(answer, str, "title"),
        body=optional(answer, str, "body") or "",
        url=f"{place.web}/issues/{number}",
        author=_login(answer),
        association=optional(answer, str, "author_association") or "NONE",
        state=required(answer, str, "state"),
        labels=tuple(
            one if isinstance(one, str) else required(one, str, "name") for one in required(answer, list, "labels")
        ),
    )  # fmt: skip


def pull(answer: Any, observed: float) -> Pull:
    """One pull request, seen at `observed`. Checks not asked yet count as pending: nothing takes it for finished."""
    sha = required(answer, str, "head", "sha")
    if _SHA.fullmatch(sha) is None:
        _senseless("head.sha")
    return Pull(
        number=_number(answer),
        state="merged" if optional(answer, str, "merged_at") else required(answer, str, "state"),
        head_sha=sha,
        checks=Checks.PENDING,
        mergeable=optional(answer, bool, "mergeable"),
        observed_at=stamp(observed),
    )


def same_repository_branch(answer: Any) -> str | None:
    """The branch of a pull request that comes from the repository itself; None for a fork's, gone or not."""
    if not optional(answer, dict, "head", "repo"):
        return None
    own = required(answer, str, "head", "repo", "full_name") == required(answer, str, "base", "repo", "full_name")
    return required(answer, str, "head", "ref") if own else None


def rollup(states: Iterable[str]) -> Checks:
    """Many check runs and statuses as one: failing if any failed, pending if any has not passed yet."""
    seen = set(states)
    if not seen:
        return Checks.NONE
    if seen & _FAILED:
        return Checks.FAILING
    return Checks.PASSING if seen <= _PASSED else Checks.PENDING


def check_states(runs: Iterable[Any], combined: Any) -> list[str]:
    """The states of check runs and of the combined status. Without any status that is "pending", and says nothing."""
    states = [
        required(run, str, "conclusion") if required(run, str, "status") == "completed" else "pending" for run in runs
    ]
    return [*states, required(combined, str, "state")] if required(combined, int, "total_count") else states


def decision(reviews: Iterable[Any]) -> str | None:
    """What reviews, oldest first, come to: the latest opinion of each reviewer counts.

    A comment is no opinion and takes none back. A stranger's approval counts as little here as on GitHub.
    """
    opinions: dict[str, str] = {}
    for row in reviews:
        state, association = required(row, str, "state"), optional(row, str, "author_association")
        reviewer = _login(row) or str(required(row, int, "id"))
        if state in ("CHANGES_REQUESTED", "DISMISSED") or (state == "APPROVED" and association not in _STRANGERS):
            opinions[reviewer] = state
    held = set(opinions.values())
    return "CHANGES_REQUESTED" if "CHANGES_REQUESTED" in held else "APPROVED" if "APPROVED" in held else None


def refusal(place: RepositoryAddress, status: int, headers: Mapping[str, str], raw: Any, now: float) -> OrchestraError:
    """A status other than success as a sentence. Only JSON is quoted, never a page."""
    message = clean(raw["message"]) if isinstance(raw, dict) and isinstance(raw.get("message"), str) else ""
    limited = headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers or "rate limit" in message
    if status == 429 or (status == 403 and limited):
        return RateLimited(place.name, now + _wait(headers, now), now)
    if status == 401:
        return OrchestraError(f"{place.name} refused the token", "gh auth login; orchestra doctor says which one it is")
    if status == 403:
        return OrchestraError(
            f"{place.name} does not allow this token to do that in {place.slug}: {message or 'no reason given'}",
            "It needs Contents, Issues and Pull requests (write), Checks and Commit statuses (read)",
        )
    if status in (404, 410):
        return Missing(
            f"There is no repository {place.slug} that this token may see",
            "git remote get-url origin shows the repository; orchestra doctor says which token is used",
        )
    if status == 422:
        return Invalid(place.name, tuple(_reasons(raw)) or (message or "no reason given",))
    return Unreachable(f"{place.name} has a fault of its own: it answered {status}", STATUS_PAGE)


def no_answer(place: RepositoryAddress, host: str, code: str, message: str, timeout: float) -> Unreachable:
    """No answer at all: `code` is the transport's error class, `message` is looked at and not quoted."""
    if "Timeout" in code:
        return Unreachable(f"{place.name} did not answer within {timeout:g} s", STATUS_PAGE)
    if code == "ConnectError":
        wrong = "certificate" in message.lower()
        hint = "Set SSL_CERT_FILE to your certificates" if wrong else "Is there a network? orchestra doctor looks"
        return Unreachable(f"{place.name} cannot be reached at {clean(host)}", hint)
    return Unreachable(f"The connection to {place.name} broke", STATUS_PAGE)


def optional(answer: Any, kind: type[T], *path: str) -> T | None:
    """The value at a path of keys, or None where GitHub has none; anything of another type is no answer (R9)."""
    for key in path:
        if not isinstance(answer, dict):
            _senseless(".".join(path))
        answer = answer.get(key)
    if answer is None:
        return None
    if not isinstance(answer, kind):
        _senseless(".".join(path))
    return answer


def required(answer: Any, kind: type[T], *path: str) -> T:
    """The value at a path of keys, which must be there."""
    found = optional(answer, kind, *path)
    if found is None:
        _senseless(".".join(path))
    return found


def _senseless(what: str) -> NoReturn:
    raise Unreachable(f"GitHub's answer makes no sense: {what or 'all of it'} is not what it should be", STATUS_PAGE)


def _number(answer: Any) -> int:
    number = required(answer, int, "number")
    if not is_id(str(number)):
        _senseless("number")
    return number


def _login(answer: Any) -> str:
    """Who wrote it; nobody where the account is gone."""
    return required(answer, str, "user", "login") if optional(answer, dict, "user") else ""


def _reasons(raw: Any) -> Iterable[str]:
    errors = raw.get("errors") if isinstance(raw, dict) else None
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            yield clean(str(error.get("message") or f"{error.get('field')} {error.get('code')}"))
        else:
            yield clean(str(error))


def _wait(headers: Mapping[str, str], now: float) -> float:
    """Seconds until GitHub may be asked again. Its reset time is on its clock, so it is held against its Date (G4).

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api (without a header: a minute)
    """
    wait = 60.0
    if re.fullmatch(r"\d{1,9}", headers.get("retry-after", ""), re.ASCII):
        wait = float(headers["retry-after"])
    elif re.fullmatch(r"\d{1,12}", headers.get("x-ratelimit-reset", ""), re.ASCII) and (
        headers.get("x-ratelimit-remaining") == "0"
    ):
        with contextlib.suppress(ValueError):
            now = parsedate_to_datetime(headers.get("date", "")).timestamp()
        wait = float(headers["x-ratelimit-reset"]) - now
    return min(max(wait, 1.0), LONGEST_WAIT)
