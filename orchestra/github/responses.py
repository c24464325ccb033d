"""What GitHub answers, read: JSON to our nouns, refusals to sentences. Pure, and the only reader of its keys."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn, TypeVar

from orchestra.core.models import Issue
from orchestra.core.pull_request import Checks, Pull
from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import age, clean, is_id, seconds_of, stamp
from orchestra.errors import OrchestraError, Unreachable

T = TypeVar("T")

LONGEST_WAIT = 3600.0  # seconds; GitHub's window is an hour, whatever a header says
STATUS_PAGE = "try again in a minute; https://www.githubstatus.com says more"

_PASSED = {"success", "neutral", "skipped"}
_FAILED = {"failure", "error", "cancelled", "timed_out", "action_required", "startup_failure"}
# Anyone may approve on a public repository; on GitHub too only these people's approval counts.
_STRANGERS = {"NONE", "CONTRIBUTOR", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN"}
_SHA = regex(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)


class RateLimited(Unreachable):
    """GitHub wants no request before `retry_at` (seconds since the epoch)."""

    def __init__(self, name: str, retry_at: float, now: float) -> None:
        super().__init__(
            f"{name}'s rate limit is reached until {stamp(retry_at)}",
            f"nothing is lost; try again in {age(retry_at - now)}",
        )
        self.retry_at = retry_at


class Missing(OrchestraError):
    """404 or 410: the thing asked for is not there, or the repository, or this token's right to see it."""


class Deleted(Missing):
    """410: it was there, and is not any more; or issues are disabled."""


class Invalid(OrchestraError):
    """422, with GitHub's reasons."""

    def __init__(self, name: str, reasons: tuple[str, ...]) -> None:
        super().__init__(f"{name} refused it: {'; '.join(reasons)}", "orchestra list shows the state of the work")
        self.reasons = reasons

    def says(self, words: str) -> bool:
        """True when one of the reasons holds these words (lower case)."""
        return any(words in reason.lower() for reason in self.reasons)


class NotSent(Unreachable):
    """There was no connection, so the request has reached no server and has done nothing."""


class RepositoryAddress(Record):
    """Which repository of which GitHub is asked, for addresses and sentences."""

    name: str  # GitHub, as people call this one
    slug: str  # owner/repo
    web: str  # https://github.com/owner/repo


def repository_address(host: str, owner: str, repo: str) -> RepositoryAddress:
    """The address of a repository on a host."""
    name = "GitHub" if host == "github.com" else f"GitHub at {clean(host)}"
    return RepositoryAddress(name, f"{owner}/{repo}", f"https://{host}/{owner}/{repo}")


def issue(answer: Any, address: RepositoryAddress) -> Issue:
    """One issue. Its address is made, not taken: it cannot lead anywhere else."""
    number = _number(answer)
    return Issue(
        number=str(number),
        title=required(answer, str, "title"),
        body=optional(answer, str, "body") or "",
        url=f"{address.web}/issues/{number}",
        author=_login(answer),
        association=optional(answer, str, "author_association") or "NONE",
        state=required(answer, str, "state"),
        labels=tuple(
            one if isinstance(one, str) else required(one, str, "name") for one in required(answer, list, "labels")
        ),
        blocked_by=optional(answer, int, "issue_dependencies_summary", "blocked_by"),
        sub_issues=optional(answer, int, "sub_issues_summary", "total"),
        comments=optional(answer, int, "comments"),
        milestone=optional(optional(answer, dict, "milestone") or {}, str, "title") or "",
        locked=_lock(answer),
        assignees=tuple(required(one, str, "login") for one in optional(answer, list, "assignees") or ()),
    )  # fmt: skip


def _lock(answer: Any) -> str:
    reason = optional(answer, str, "active_lock_reason") or "without a reason"
    return clean(reason, 60) if optional(answer, bool, "locked") else ""


def closed(answer: Any) -> str:
    """Who closed an issue, and as what; empty for one that is open."""
    if required(answer, str, "state") == "open":
        return ""
    by = clean(optional(answer, str, "closed_by", "login") or "", 60)
    reason = {"not_planned": "not planned", "duplicate": "a duplicate", "completed": "completed"}.get(
        optional(answer, str, "state_reason") or "", ""
    )
    return "closed" + (f" by {by}" if by else "") + (f" as {reason}" if reason else "")


def repository_of(answer: Any) -> str:
    """Which repository an issue is of, `acme/widgets`, by its `repository_url`; empty where it does not say."""
    return (optional(answer, str, "repository_url") or "").partition("/repos/")[2]


def pull(answer: Any, observed: float) -> Pull:
    """One pull request, seen at `observed`. Checks not asked yet count as pending: nothing takes it for finished."""
    sha = required(answer, str, "head", "sha")
    if _SHA.fullmatch(sha) is None:
        _unexpected("head.sha")
    return Pull(
        number=_number(answer),
        state="merged" if optional(answer, str, "merged_at") else required(answer, str, "state"),
        head_sha=sha,
        checks=Checks.PENDING,
        mergeable=optional(answer, bool, "mergeable"),
        observed_at=stamp(observed),
    )


def is_head(answer: Any, branch: str, fork: str | None, owner: str) -> bool:
    """Whether a pull request comes from this branch of `fork`, or of the repository itself (None).

    A fork of this `owner` may have been renamed; a head whose repository is gone is not it.
    """
    if not optional(answer, dict, "head", "repo") or required(answer, str, "head", "ref") != branch:
        return False
    head, base = (required(answer, str, side, "repo", "full_name").lower() for side in ("head", "base"))
    if fork is None:
        return head == base
    return head == fork.lower() or (head != base and head.partition("/")[0] == owner.lower())


def rollup(states: Iterable[str]) -> Checks:
    """Many check runs and statuses as one: failing if any failed, pending if any has not passed yet."""
    seen = set(states)
    if not seen:
        return Checks.NONE
    if seen & _FAILED:
        return Checks.FAILING
    return Checks.PASSING if seen <= _PASSED else Checks.PENDING


def decision(reviews: Iterable[Any]) -> str | None:
    """What reviews, oldest first, come to: the latest opinion of each reviewer counts.

    A comment is not an opinion and takes none back. A stranger's opinion counts as little here as on GitHub.
    """
    opinions: dict[str, str] = {}
    for row in reviews:
        state, association = required(row, str, "state"), optional(row, str, "author_association")
        reviewer = _login(row) or str(required(row, int, "id"))
        if state == "DISMISSED" or (state in ("APPROVED", "CHANGES_REQUESTED") and association not in _STRANGERS):
            opinions[reviewer] = state
    held = set(opinions.values())
    return "CHANGES_REQUESTED" if "CHANGES_REQUESTED" in held else "APPROVED" if "APPROVED" in held else None


def is_rate_limit(status: int, headers: Mapping[str, str], message: str) -> bool:
    """Whether a refusal is a rate limit, primary or secondary."""
    limited = headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers or "rate limit" in message
    return status == 429 or (status == 403 and limited)


def refusal(
    address: RepositoryAddress, status: int, headers: Mapping[str, str], raw: Any, now: float, source: str = ""
) -> OrchestraError:
    """A status other than success as a sentence. Only JSON is quoted, never a page. `source`: of the token."""
    message = clean(raw["message"]) if isinstance(raw, dict) and isinstance(raw.get("message"), str) else ""
    if is_rate_limit(status, headers, message):
        return RateLimited(address.name, now + _wait(headers, now), now)
    if status == 401:
        return OrchestraError(f"{address.name} refused the token" + _source(source), _RENEW.get(source, _RENEW["gh"]))
    if status == 403:
        return _forbidden(address, headers, message)
    if status == 410 and "disabled" in message.lower():
        return Deleted(f"issues are disabled in {address.slug}", "enable them in the repository's settings on GitHub")
    if status in (404, 410):
        return (Deleted if status == 410 else Missing)(
            f"there is no repository {address.slug} that this token may see",
            "git remote get-url origin shows the repository; orchestra doctor says which token is used",
        )
    if status in (405, 409, 422):  # it cannot be merged, its head has moved, a value is wrong
        return Invalid(address.name, tuple(_reasons(raw)) or (message or "no reason given",))
    return Unreachable(f"{address.name} server error ({status})", STATUS_PAGE)


def _source(source: str) -> str:
    names = {"gh": "gh auth token", "token_command": "github.token_command", "kept": "an earlier command"}
    return f" (from {names.get(source, source)})" if source else ""


_RENEW = {
    "gh": "gh auth login, or set GH_TOKEN",
    "kept": "gh auth login, or run a command with a new GH_TOKEN",
    "token_command": "run github.token_command of your config by hand: it must print a valid token",
    "GH_TOKEN": "set GH_TOKEN to a valid token, or unset it and gh auth login",
    "GITHUB_TOKEN": "set GITHUB_TOKEN to a valid token, or unset it and gh auth login",
}


def _forbidden(address: RepositoryAddress, headers: Mapping[str, str], message: str) -> OrchestraError:
    """A 403 that is not a rate limit: single sign-on, an archived repository, or a permission that is missing."""
    sso = re.match(r"required; url=(https://[!-~]+)", headers.get("x-github-sso", ""), re.ASCII)
    if sso:
        owner = address.slug.partition("/")[0]
        return OrchestraError(
            f"{owner} uses single sign-on, and this token is not authorised for it", f"authorise it: {sso[1]}"
        )
    if "archived" in message.lower():
        return OrchestraError(f"{address.slug} is archived: nothing can be written there", "unarchive it on GitHub")
    needs = clean(headers.get("x-accepted-github-permissions", ""), 120)
    return OrchestraError(
        f"{address.name} does not allow this token to do that in {address.slug}: {message or 'no reason given'}",
        f"it needs {needs.replace('_', ' ').replace('=', ': ')}"
        if needs
        else "it needs Contents, Issues and Pull requests (write), Actions and Commit statuses (read)",
    )


def expiry(header: str) -> float:
    """When a token ends, in epoch seconds, by its header `2026-12-01 00:00:00 UTC`; 0 for anything else."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (?:UTC|[+]0000)", header, re.ASCII)
    return (seconds_of(f"{match[1]}T{match[2]}Z") or 0.0) if match else 0.0


def no_answer(address: RepositoryAddress, host: str, code: str, message: str, timeout: float) -> Unreachable:
    """No answer at all: `code` is the transport's error class, `message` is looked at and not quoted."""
    if code == "ConnectTimeout":
        return NotSent(f"{address.name} did not answer within {timeout:g} s", STATUS_PAGE)
    if "Timeout" in code:
        return Unreachable(f"{address.name} did not answer within {timeout:g} s", STATUS_PAGE)
    if code == "ConnectError":
        wrong = "certificate" in message.lower()
        hint = "set SSL_CERT_FILE to your certificates" if wrong else "is there a network? orchestra doctor looks"
        return NotSent(f"{address.name} cannot be reached at {clean(host)}", hint)
    return Unreachable(f"the connection to {address.name} broke", STATUS_PAGE)


def optional(answer: Any, kind: type[T], *path: str) -> T | None:
    """The value at a path of keys, or None where GitHub has none; anything of another type is not an answer.

    A part of the path may be null or absent: an account that was deleted, what an older server does not know.
    """
    for key in path:
        if answer is None:
            return None
        if not isinstance(answer, dict):
            _unexpected(".".join(path))
        answer = answer.get(key)
    if answer is None:
        return None
    if not isinstance(answer, kind):
        _unexpected(".".join(path))
    return answer


def required(answer: Any, kind: type[T], *path: str) -> T:
    """The value at a path of keys, which must be there."""
    found = optional(answer, kind, *path)
    if found is None:
        _unexpected(".".join(path))
    return found


def _unexpected(what: str) -> NoReturn:
    raise Unreachable(f"unexpected response from GitHub: {f'field {what}' if what else 'all of it'}", STATUS_PAGE)


def _number(answer: Any) -> int:
    number = required(answer, int, "number")
    if not is_id(str(number)):
        _unexpected("number")
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
    """Seconds until GitHub may be asked again. Its reset time is on its clock, so it is compared with its Date.

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
