"""GitHub, through ghapi: issues and pull requests of one repository as our nouns. Nothing here ever merges.

ghapi and httpx2 are imported at the first request (0.2 s of CPU), and only the operations we call are built: all
1,225 of them, as `GhApi()` does, cost another 0.17 s, these ten 2 ms. Answers are read raw: ghapi's own decoding lets
a JSONDecodeError through, and hides an answer's `items` behind a method.
"""

from __future__ import annotations

import json
import re
import weakref
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from orchestra.core.models import Issue
from orchestra.core.pull_request import Pull
from orchestra.core.text import clean, is_id
from orchestra.errors import OrchestraError, Unreachable, UsageError
from orchestra.github import responses
from orchestra.github.responses import Invalid, Missing, RateLimited, RepositoryAddress

PAGE = 100  # rows; the largest GitHub gives
PAGES = 10
MEMORY = 500  # answers remembered: 50 workers, a handful of questions each

_OPERATIONS = {
    "repos.get", "issues.get", "issues.list_for_repo", "pulls.get", "pulls.list", "pulls.create", "pulls.update",
    "pulls.list_reviews", "checks.list_for_ref", "repos.get_combined_status_for_ref",
}  # fmt: skip
_WRITES = {"pulls.create", "pulls.update"}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?", re.ASCII)


def api_base(host: str, configured: str | None, environ: Mapping[str, str]) -> str:
    """The address of a host's API: `github.api_url`, GITHUB_API_URL, or what follows from the remote's host."""
    given = configured or environ.get("GITHUB_API_URL", "")
    if given:
        if not _is_safe(given):
            raise UsageError(
                f"The GitHub API address {clean(given)} is not an https:// address",
                "Correct github.api_url in the config, or GITHUB_API_URL",
            )
        return given.rstrip("/")
    host = host.lower()
    if _HOST.fullmatch(host) is None:
        raise UsageError(f"{clean(host) or 'Nothing'} is not a host name", "git remote get-url origin shows the remote")
    if host in ("github.com", "www.github.com", "ssh.github.com"):
        return "https://api.github.com"
    return f"https://api.{host}" if host.endswith(".ghe.com") else f"https://{host}/api/v3"


class GitHubTracker:
    """One repository. `token` None asks as nobody; `timeout` is in seconds for each wait; `now` is the wall clock.

    Every function raises OrchestraError where GitHub refuses, Unreachable where it gives no sensible answer, and
    RateLimited, without asking again, until the time it has named.
    """

    def __init__(
        self,
        owner: str,
        repo: str,
        api_url: str,
        token: str | None,
        *,
        timeout: float = 15.0,
        now: Callable[[], float],
        host: str = "github.com",
    ) -> None:
        name = "GitHub" if host == "github.com" else f"GitHub at {clean(host)}"
        self.place = RepositoryAddress(name, f"{owner}/{repo}", f"https://{host}/{owner}/{repo}")
        self._owner, self._repo, self._api_url, self.token = owner, repo, api_url, token
        self._timeout, self._now = timeout, now
        self._client: Any = None
        self._operations: dict[str, Callable[..., Any]] = {}
        self._remembered: dict[tuple[object, ...], tuple[str, Any]] = {}
        self._limited: RateLimited | None = None

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        if self._client is not None:
            self._client.close()
        self._client, self._operations = None, {}

    def issue(self, number: str) -> Issue:
        """The issue, open or closed."""
        if not is_id(number):
            raise UsageError(f"{clean(number, 40)} is not an issue number", "orchestra issues lists them")
        try:
            answer = self._ask("issues.get", issue_number=int(number))
        except Missing:
            self._ask("repos.get")  # says so itself when it is the repository that is missing
            raise OrchestraError(
                f"There is no issue #{number} in {self.place.slug}", "orchestra issues lists the open ones"
            ) from None
        if responses.optional(answer, dict, "pull_request"):
            raise OrchestraError(f"#{number} is a pull request, not an issue", "orchestra issues lists the open issues")
        issue = responses.issue(answer, self.place)
        if issue.number != number:  # a transferred issue is answered by a redirect to where it is now
            raise OrchestraError(f"Issue #{number} has moved to another repository", f"See {self.place.web}/issues")
        return issue

    def issues(self) -> tuple[Issue, ...]:
        """The open issues, newest first: of at most a thousand rows, pull requests among them."""
        rows = self._pages("issues.list_for_repo", state="open")
        return tuple(
            responses.issue(row, self.place) for row in rows if not responses.optional(row, dict, "pull_request")
        )

    def open_pull(self, head: str, base: str, title: str, body: str) -> tuple[Pull, str]:
        """Open the pull request of branch `head`, or bring the open one's title and body up to date; (pull, url).

        Its checks are not asked here, and until somebody does they count as pending.
        """
        text = {"title": _sendable(title, 256), "body": _sendable(body, 65_536)}
        found = self._open_pull_of(head, base)
        if found is None:
            try:
                return self._seen(self._ask("pulls.create", head=head, base=base, **text))
            except Invalid as refused:  # somebody was faster: we, when the answer to our own request was lost
                found = self._open_pull_of(head, base) if refused.says("already exists") else None
                if found is None:
                    raise self._why_no_pull(refused, head, base) from None
        changed = {key: value for key, value in text.items() if (found.get(key) or "") != value}
        number = responses.required(found, int, "number")
        return self._seen(self._ask("pulls.update", pull_number=number, **changed) if changed else found)

    def pull_for(self, head: str) -> tuple[Pull, str] | None:
        """The pull request of branch `head` with its checks: the open one, or else the newest; (pull, url)."""
        rows = self._pulls_of(head, "all")
        if not rows:
            return None
        chosen = next((row for row in rows if row.get("state") == "open"), rows[0])
        number = responses.required(chosen, int, "number")
        return self.pull(number), self._url(number)

    def pull(self, number: int) -> Pull:
        """The pull request with its checks rolled up, what its reviews come to, and whether it merges."""
        try:
            pull, _ = self._seen(self._ask("pulls.get", pull_number=number))
        except Missing:
            self._ask("repos.get")
            raise OrchestraError(
                f"There is no pull request #{number} in {self.place.slug}", "orchestra list shows those of the workers"
            ) from None
        runs = self._pages("checks.list_for_ref", "check_runs", ref=pull.head_sha)
        combined = self._ask("repos.get_combined_status_for_ref", ref=pull.head_sha)
        return pull._replace(
            checks=responses.rollup(responses.check_states(runs, combined)),
            review_decision=responses.decision(self._pages("pulls.list_reviews", pull_number=number)),
        )

    def pull_number(self, url: str) -> int | None:
        """The number in the address of a pull request of this repository; None for any other text."""
        number = url.rpartition("/")[2]
        return int(number) if is_id(number) and url.lower() == self._url(int(number)).lower() else None

    def _url(self, number: int) -> str:
        return f"{self.place.web}/pull/{number}"

    def _seen(self, answer: Any) -> tuple[Pull, str]:
        pull = responses.pull(answer, self._now())
        return pull, self._url(pull.number)

    def _open_pull_of(self, head: str, base: str) -> dict[str, Any] | None:
        rows = self._pulls_of(head, "open")
        return next(
            (row for row in rows if responses.required(row, str, "base", "ref") == base), rows[0] if rows else None
        )

    def _pulls_of(self, head: str, state: str) -> list[dict[str, Any]]:
        """Pull requests of this repository's own branch `head`, newest first; a fork's may have the same name."""
        rows = self._pages("pulls.list", head=f"{self._owner}:{head}", state=state)
        return [row for row in rows if responses.same_repository_branch(row) == head]

    def _why_no_pull(self, refused: Invalid, head: str, base: str) -> OrchestraError:
        name, head, base = self.place.name, clean(head), clean(base)
        if refused.says("no commits between"):
            return OrchestraError(f"There are no commits between {base} and {head}", "Commit the work, then ship again")
        if refused.says("head invalid"):
            return OrchestraError(f"{name} has no branch {head}", f"git push -u origin {head}, then ship again")
        if refused.says("base invalid"):
            return OrchestraError(f"{name} has no branch {base}", "Correct base in orchestra.yaml")
        return refused

    def _pages(self, operation: str, key: str = "", **params: Any) -> list[Any]:
        rows: list[Any] = []
        for page in range(1, PAGES + 1):
            answer = self._ask(operation, per_page=PAGE, page=page, **params)
            found = responses.required(answer, list, *([key] if key else []))
            rows += found
            if len(found) < PAGE:
                break
        return rows

    def _ask(self, operation: str, **params: Any) -> Any:
        """One request -> its JSON. What has been read before is asked for conditionally: a 304 costs no quota."""
        if self._limited and 0 < self._limited.retry_at - self._now() <= responses.LONGEST_WAIT:
            raise RateLimited(self.place.name, self._limited.retry_at, self._now())  # asking risks a ban (G1)
        key = (operation, *sorted(params.items()))
        etag, remembered = self._remembered.get(key, ("", None))
        response = self._send(operation, {"If-None-Match": etag} if etag else {}, params)
        if response is None:
            return remembered
        try:
            answer = response.json()
        except (ValueError, RecursionError):
            raise Unreachable(
                f"The answer of {self.place.name} is not JSON", "Is there a proxy or a login page in between?"
            ) from None
        if operation not in _WRITES and "etag" in response.headers:
            self._remembered.pop(key, None)
            self._remembered[key] = (response.headers["etag"], answer)
            if len(self._remembered) > MEMORY:
                del self._remembered[next(iter(self._remembered))]
        return answer

    def _send(self, operation: str, headers: Mapping[str, str], params: Mapping[str, Any]) -> Any:
        """The response; None for a 304, which ghapi raises as an error."""
        from ghapi.core import APIError

        try:
            return self._opened()[operation](raw_=True, headers_=dict(headers), **params)
        except APIError as error:
            if error.status_code == 304 and headers:
                return None
            raise self._failure(error) from None

    def _failure(self, error: Any) -> OrchestraError:
        """What ghapi raised, as ours. Whatever a server has put into its answer, the token is not repeated."""
        if error.status_code is None:
            host = urlsplit(self._api_url).hostname or ""
            return responses.no_answer(self.place, host, error.code, error.message, self._timeout)
        raw = error.raw
        if self.token and isinstance(raw, dict):
            raw = json.loads(json.dumps(raw).replace(self.token, "***"))
        failure = responses.refusal(self.place, error.status_code, error.response.headers, raw, self._now())
        if isinstance(failure, RateLimited):
            self._limited = failure
        return failure

    def _opened(self) -> Mapping[str, Callable[..., Any]]:
        if self._client is None:
            import ghapi.core
            import httpx2

            core: Any = ghapi.core  # neither typed nor explicit about what it exports
            # One client for all requests: with ghapi's default, a new one each, a request costs 62 ms instead of 4.
            self._client = httpx2.Client(timeout=self._timeout, follow_redirects=True)
            weakref.finalize(self, self._client.close)
            headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
            headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
            # `debug`: with GHAPI_DEBUG set ghapi prints on stdout, which belongs to --json. `retries`: they sleep.
            silent = {"debug": lambda *_: None, "retries": 0}
            transport = core.GhSyncTransport(client=self._client, base_headers=headers, **silent)
            defaults = {"owner": self._owner, "repo": self._repo}
            wanted = ((f"{one.group}.{one.name}", one) for one in core.pspec.ops)
            self._operations = {
                name: core.SyncOpFunc(one, transport, self._api_url, defaults=defaults)
                for name, one in wanted
                if name in _OPERATIONS
            }
        return self._operations


def _is_safe(url: str) -> bool:
    """True for an address that a token may be sent to: https, or this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))


def _sendable(text: str, limit: int) -> str:
    """Text that goes into JSON: what argv has let through undecoded would break the encoding."""
    return text.encode("utf-8", "replace").decode("utf-8")[:limit]
