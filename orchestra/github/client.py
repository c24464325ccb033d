"""The one way to GitHub: requests within the shared budget, conditional where an answer is kept, refusals as sentences.

Tracker and poller, of every process of a project, ask through it. httpx2 is imported at the first request.
"""

from __future__ import annotations

import json
import os
import ssl
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from orchestra.core.records import Record
from orchestra.core.text import age
from orchestra.errors import OrchestraError, Unreachable
from orchestra.github import responses
from orchestra.github.auth import Credentials
from orchestra.github.etag_cache import CachedAnswer, ETagCache, token_fingerprint
from orchestra.github.rate_limit import Limited, RequestBudget
from orchestra.github.responses import Invalid, Missing, RateLimited, RepositoryAddress

T = TypeVar("T")

ACCEPT = "application/vnd.github+json"
REDIRECTS = 5
RENEW_SECONDS = 10.0  # between two attempts to find another token than the one that was refused
EXPIRING_SECONDS = 300.0  # a token with so little left is renewed before it is refused
EXPIRES = "github-authentication-token-expiration"
SCOPES = "x-oauth-scopes"


class ApiReply(Record):
    """A successful answer, not yet read. `unchanged`: a 304, and `kept` is what was kept on disk.

    `graph`: of GraphQL, whose failures are not told to the budget.
    """

    url: str
    kept: CachedAnswer
    unchanged: bool
    graph: bool = False


class ApiClient:
    """One GitHub, for one repository; `sent` and `unchanged` count requests. `timeout` is in seconds for each wait.

    `eager`: the user waits for the answer, so only a rate limit keeps a request back, and not an earlier failure.
    """

    def __init__(
        self,
        address: RepositoryAddress,
        api_url: str,
        credentials: Credentials,
        cache: str,
        now: Callable[[], float],
        timeout: float = 15.0,
        *,
        eager: bool = False,
    ) -> None:
        self.address, self.api_url, self.credentials = address, api_url.rstrip("/"), credentials
        self.sent = self.unchanged = 0
        self.expires = 0.0  # when the token ends, in epoch seconds, as GitHub says; 0: it does not say
        self.scopes: tuple[str, ...] | None = None  # of a classic token; None: GitHub names none
        self.cache = cache
        self._now, self._timeout, self._eager = now, timeout, eager
        self._client: Any = None
        self._renewed = 0.0
        self._patience = 0.0
        self._say: Callable[[str], None] = lambda _: None
        self._pause = threading.Event()
        self._use(credentials.token())

    @property
    def token(self) -> str | None:
        """The token that is sent now."""
        return self._token

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        if self._client is not None:
            self._client.close()
        self._client = None

    def wait_out_limits(self, seconds: float, say: Callable[[str], None]) -> None:
        """Wait for rate limits that end within `seconds` in all, and `say` so, instead of raising Limited."""
        self._patience, self._say = seconds, say

    def get(self, path: str, query: Mapping[str, str | int] | None = None, *, optional: bool = False) -> ApiReply:
        """Ask for a path of the API. Raises Missing, Invalid, or Unreachable after telling the budget.

        `optional`: that this token may not see it is not a failure, it is Missing.
        """
        return self.request("GET", self.api_url + path, params=query, optional=optional)

    def graphql(self, query: str, variables: Mapping[str, Any]) -> ApiReply:
        """Ask GraphQL, which knows no 304. Raises Missing where there is none, or this token may not use it.

        Its failures are not told to the budget: a query may only be too large, and REST answers all the same.
        """
        # GitHub Enterprise Server: https://HOST/api/v3 and https://HOST/api/graphql.
        url = f"{self.api_url.removesuffix('/v3')}/graphql"
        return self.request("POST", url, body={"query": query, "variables": variables}, optional=True)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Any = None,
        optional: bool = False,
    ) -> ApiReply:
        """One request: conditional for a GET, and a write keeps its distance to the one before."""
        reading, graph = method == "GET", url.endswith("/graphql")
        if not reading and not graph:
            self.budget.wait_to_write()
        for attempt in range(2):
            request = self._opened().build_request(method, url, params=params, json=body)
            kept = self._etags.find(str(request.url), ACCEPT) if reading else CachedAnswer()
            if kept.etag:
                request.headers["If-None-Match"] = kept.etag
            response = self._send(request)
            if response.status_code == 401 and attempt == 0 and self._renew():
                continue
            break
        if response.status_code == 304 and kept.etag:
            self.unchanged += 1
            return ApiReply(str(request.url), kept, unchanged=True)
        return self._reply(response, str(request.url) if reading else "", optional=optional)

    def location(self, path: str) -> str:
        """Where GitHub sends who asks for this path, outside its API: an http(s) address. Raises Missing without one.

        A redirect within the API (the repository was renamed) is followed first.
        """
        url, host = self.api_url + path, urlsplit(self.api_url).netloc
        for _ in range(REDIRECTS):
            response = self._send(self._opened().build_request("GET", url), follow=False)
            if not response.has_redirect_location:
                self._reply(response, "", optional=True)
                break
            url = _joined(url, response.headers.get("location", ""))
            parts = urlsplit(url)
            if parts.netloc != host or not parts.path.startswith(("/repos", "/api/v3/repos")):
                return url or self._no_location()
        return self._no_location()

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
            hint = "is there a proxy or a login page in between?"
            wrong = Unreachable(f"the answer of {self.address.name} is not JSON", hint)
            raise (wrong if reply.graph else self.failed(wrong)) from None
        except Unreachable as error:
            raise (error if reply.graph else self.failed(error)) from None
        if reply.url and not reply.unchanged:
            self._etags.keep(reply.url, ACCEPT, reply.kept)
        return found

    def failed(self, error: OrchestraError, *, mine: bool = False) -> Unreachable:
        """Tell the budget, and return the error to raise."""
        self.budget.failed(error, mine=mine)
        return error if isinstance(error, Unreachable) else Unreachable(error.message, error.hint)

    def _use(self, token: Any) -> None:
        """Send this token from now on. What is kept and what was refused belongs to one token."""
        self.close()
        self._token: str | None = token.value if token else None
        self.source = token.source if token else ""
        self.expires, self.scopes = 0.0, None
        who = token_fingerprint(self._token)
        self.budget = RequestBudget(self.cache, who, self._now, eager=self._eager)
        self._etags = ETagCache(os.path.join(self.cache, "etags"), who)

    def _renew(self) -> bool:
        """Look for another token than this one, which was refused or is about to end; whether there is one."""
        if 0 <= self._now() - self._renewed < RENEW_SECONDS:
            return False
        self._renewed = self._now()
        before, after = self._token, self.credentials.renew()
        if after is None or after.value == before:
            return False
        self._use(after)
        return True

    def _check(self) -> None:
        """Raise Limited while GitHub is not to be asked; a refused token may have been replaced meanwhile."""
        if self.expires and 0 < self.expires - self._now() < EXPIRING_SECONDS:
            self._renew()
        while True:
            try:
                self.budget.check()
            except Limited as limited:
                if self.budget.last_failure().who and self._renew():
                    continue
                wait = limited.until - self._now()
                if wait > self._patience:
                    raise
                self._patience -= wait
                self._say(f"{self.address.name} wants no request for {age(wait)}: waiting")
                self._pause.wait(wait)
            else:
                return

    def _send(self, request: Any, *, follow: bool = True) -> Any:
        import httpx2

        while True:
            self._check()
            if self._token:
                request.headers["Authorization"] = f"Bearer {self._token}"
            self.sent += 1
            try:
                response = self._opened().send(request, follow_redirects=follow)
            except httpx2.HTTPError as error:
                host = urlsplit(self.api_url).hostname or ""
                silence = responses.no_answer(self.address, host, type(error).__name__, str(error), self._timeout)
                raise (silence if _is_graph(request) else self.failed(silence)) from None
            self.expires = responses.expiry(response.headers.get(EXPIRES, "")) or self.expires
            if SCOPES in response.headers and not _is_graph(request):
                self.scopes = tuple(one.strip() for one in response.headers[SCOPES].split(",") if one.strip())
            if not self._patience or not responses.is_rate_limit(response.status_code, response.headers, response.text):
                return response
            self._refused(response, optional=False)  # which tells the budget; then `_check` waits or raises

    def _reply(self, response: Any, url: str, *, optional: bool) -> ApiReply:
        if 200 <= response.status_code < 300:
            content = response.content.decode("utf-8", "surrogateescape")
            kept, graph = CachedAnswer(response.headers.get("etag", ""), content), _is_graph(response.request)
            return ApiReply(url, kept, unchanged=False, graph=graph)
        raise self._refused(response, optional=optional)

    def _refused(self, response: Any, *, optional: bool) -> OrchestraError:
        """What GitHub refused, as an error. Whatever it has put into its answer, the token is not repeated."""
        text, headers = response.text, response.headers
        try:
            raw = json.loads(text.replace(self._token, "***") if self._token else text)
        except (ValueError, RecursionError):
            raw = None
        error = responses.refusal(self.address, response.status_code, headers, raw, self._now(), self.source)
        graph = _is_graph(response.request)
        if graph and isinstance(error, RateLimited) and headers.get("x-ratelimit-resource") == "graphql":
            return Missing(error.message, error.hint)  # GraphQL has a limit of its own
        if isinstance(error, RateLimited):
            told = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
            return self.budget.limited(f"{self.address.name}: rate limit", error.retry_at, told=told)
        if isinstance(error, Missing | Invalid):
            return error
        if optional and response.status_code == 403:
            return Missing(error.message, error.hint)
        if graph and response.status_code != 401:
            return error
        if response.status_code != 403 or response.request.method == "GET":
            self.budget.failed(error, mine=response.status_code in (401, 403))
        return error

    def _no_location(self) -> str:
        raise Missing(f"{self.address.name} has no address for it", responses.STATUS_PAGE)

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
            # The certificates take 60 ms to load. Without them no https address is trusted, and none is needed.
            plain = urlsplit(self.api_url).scheme == "http"
            verify: Any = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True
            self._client = httpx2.Client(timeout=self._timeout, follow_redirects=True, headers=headers, verify=verify)
            weakref.finalize(self, self._client.close)
        return self._client


def _is_graph(request: Any) -> bool:
    return str(request.url).endswith("/graphql")


def _joined(base: str, location: str) -> str:
    """Where a redirect leads; empty for what is not an http(s) address."""
    try:
        url = urljoin(base, location)
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:
        return ""
