"""One request at a time to GitHub: within the budget, conditional where an answer is kept, refusals as sentences.

httpx2 is imported at the first request, and ghapi not at all: raw answers, and its import alone costs 0.3 s of CPU.
"""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

from orchestra.errors import OrchestraError, Unreachable
from orchestra.github import responses
from orchestra.github.etag_cache import CachedAnswer, ETagCache, token_fingerprint
from orchestra.github.rate_limit import RequestBudget
from orchestra.github.responses import Invalid, Missing, RateLimited, RepositoryAddress

T = TypeVar("T")

ACCEPT = "application/vnd.github+json"


class ApiReply(NamedTuple):
    """A successful answer, not yet read. `unchanged`: a 304, and `kept` is what was kept on disk."""

    url: str
    kept: CachedAnswer
    unchanged: bool


class ApiClient:
    """One GitHub and one token; `sent` and `unchanged` count requests. `timeout` is in seconds for each wait."""

    def __init__(
        self,
        place: RepositoryAddress,
        api_url: str,
        token: str | None,
        cache: str,
        now: Callable[[], float],
        timeout: float,
    ) -> None:
        self.place, self.budget = place, RequestBudget(cache, token_fingerprint(token), now)
        self.sent = self.unchanged = 0
        self._api_url, self._token, self._now, self._timeout = api_url.rstrip("/"), token, now, timeout
        self._etags = ETagCache(os.path.join(cache, "etags"), token_fingerprint(token))
        self._client: Any = None

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        if self._client is not None:
            self._client.close()
        self._client = None

    def get(self, path: str, query: Mapping[str, str | int] | None = None, *, optional: bool = False) -> ApiReply:
        """Ask for a path of the API. Raises Missing, Invalid, or Unreachable after telling the budget.

        `optional`: that this token may not see it is no failure, it is Missing.
        """
        client = self._opened()
        request = client.build_request("GET", self._api_url + path, params=query)
        url = str(request.url)
        kept = self._etags.find(url, ACCEPT)
        if kept.etag:
            request.headers["If-None-Match"] = kept.etag
        response = self._send(request)
        if response.status_code == 304 and kept.etag:
            self.unchanged += 1
            return ApiReply(url, kept, unchanged=True)
        return self._reply(response, url, optional=optional)

    def graphql(self, query: str, variables: Mapping[str, str]) -> ApiReply:
        """Ask GraphQL, which knows no 304. Raises Missing where there is none, or this token may not use it."""
        # GitHub Enterprise Server: https://HOST/api/v3 and https://HOST/api/graphql.
        url = f"{self._api_url.removesuffix('/v3')}/graphql"
        request = self._opened().build_request("POST", url, json={"query": query, "variables": variables})
        return self._reply(self._send(request), "", optional=True)

    def location(self, path: str) -> str:
        """Where GitHub sends who asks for this path: an http(s) address. Raises Missing where it has none."""
        request = self._opened().build_request("GET", self._api_url + path)
        response = self._send(request, follow=False)
        if not response.has_redirect_location:
            self._reply(response, "", optional=True)
        url = _joined(str(request.url), response.headers.get("location", ""))
        if not response.has_redirect_location or not url:
            raise Missing(f"{self.place.name} has no address for it", responses.STATUS_PAGE)
        return url

    def piece(self, url: str, most: int) -> bytes:
        """The last `most` bytes of what is at an address outside the API, asked without the token.

        They are the first where the server knows no ranges, and none where it does not answer.
        """
        import httpx2

        try:
            got, size = self._bytes(url, most, 0)
            if size > most:
                got = self._bytes(url, most, size - most)[0] or got
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError):
            return b""
        return got

    def understood(self, reply: ApiReply, read: Callable[[Any], T]) -> T:
        """What `read` makes of an answer's JSON, which is then kept. Raises Unreachable where it makes no sense."""
        try:
            found = read(json.loads(reply.kept.content))
        except (ValueError, RecursionError):
            hint = "Is there a proxy or a login page in between?"
            raise self.failed(Unreachable(f"The answer of {self.place.name} is not JSON", hint)) from None
        except Unreachable as error:
            raise self.failed(error) from None
        if reply.url and not reply.unchanged:
            self._etags.keep(reply.url, ACCEPT, reply.kept)
        return found

    def failed(self, error: OrchestraError, *, mine: bool = False) -> Unreachable:
        """Tell the budget, and return the error to raise."""
        self.budget.failed(error, mine=mine)
        return error if isinstance(error, Unreachable) else Unreachable(error.message, error.hint)

    def _send(self, request: Any, *, follow: bool = True) -> Any:
        import httpx2

        self.budget.check()
        self.sent += 1
        try:
            return self._opened().send(request, follow_redirects=follow)
        except httpx2.HTTPError as error:
            host = urlsplit(self._api_url).hostname or ""
            silence = responses.no_answer(self.place, host, type(error).__name__, str(error), self._timeout)
            raise self.failed(silence) from None

    def _reply(self, response: Any, url: str, *, optional: bool) -> ApiReply:
        if response.status_code == 200:
            content = response.content.decode("utf-8", "surrogateescape")
            return ApiReply(url, CachedAnswer(response.headers.get("etag", ""), content), unchanged=False)
        raise self._refused(response, optional=optional)

    def _refused(self, response: Any, *, optional: bool) -> OrchestraError:
        """What GitHub refused, as an error. Whatever it has put into its answer, the token is not repeated."""
        text, headers = response.text, response.headers
        try:
            raw = json.loads(text.replace(self._token, "***") if self._token else text)
        except (ValueError, RecursionError):
            raw = None
        error = responses.refusal(self.place, response.status_code, headers, raw, self._now())
        if isinstance(error, RateLimited):
            told = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
            return self.budget.limited(f"{self.place.name}: rate limit", error.retry_at, told=told)
        if isinstance(error, Missing | Invalid):
            return error
        if optional and response.status_code == 403:
            return Missing(error.message, error.hint)
        return self.failed(error, mine=response.status_code in (401, 403))

    def _bytes(self, url: str, most: int, start: int) -> tuple[bytes, int]:
        """At most so many bytes from `start` on, and the length of the whole; nothing where the server has nothing."""
        import httpx2

        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
        got = bytearray()
        # A client of its own: the address itself is signed, and the token is not for its host.
        with httpx2.stream("GET", url, headers=headers, timeout=self._timeout, follow_redirects=True) as response:
            if response.status_code not in (200, 206):
                return b"", 0
            for piece in response.iter_raw(65_536):
                got += piece[: most - len(got)]
                if len(got) >= most:
                    break
            length = response.headers.get("content-length", "")
        return bytes(got), int(length) if length.isascii() and length.isdigit() else 0

    def _opened(self) -> Any:
        if self._client is None:
            import httpx2

            headers = {"Accept": ACCEPT, "X-GitHub-Api-Version": "2022-11-28"}
            headers |= {"Authorization": f"Bearer {self._token}"} if self._token else {}
            self._client = httpx2.Client(timeout=self._timeout, follow_redirects=True, headers=headers)
            weakref.finalize(self, self._client.close)
        return self._client


def _joined(base: str, location: str) -> str:
    """Where a redirect leads; empty for what is no http(s) address."""
    try:
        url = urljoin(base, location)
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:
        return ""
