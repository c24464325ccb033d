"""What tests ask with: the tracker, a poller, or one plain request."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from orchestra.github.auth import Credentials
from orchestra.github.client import ApiClient
from orchestra.github.responses import repository_address
from orchestra.github.tracker import GitHubTracker
from support.github_double.server import Double

Connect = Callable[..., GitHubTracker]


class Clock:
    """A wall clock that a test moves by `shift` seconds."""

    def __init__(self) -> None:
        self.shift = 0.0

    def __call__(self) -> float:
        return time.time() + self.shift


def api_client(
    url: str,
    token: str | None,
    cache: Path,
    now: Callable[[], float],
    *,
    host: str = "github.com",
    timeout: float = 15.0,
    eager: bool = False,
    environ: Mapping[str, str] | None = None,
    command: str | None = None,
) -> ApiClient:
    """A client of acme/widgets at `url`, with `token` in its environment unless `environ` or `command` is given."""
    given = {"GH_TOKEN": token, "GH_HOST": host} if token else {"GH_HOST": host}
    credentials = Credentials(host, command, given if environ is None else environ, cache / "home")
    address = repository_address(host, "acme", "widgets")
    return ApiClient(address, url, credentials, str(cache), now, timeout, eager=eager)


class Got(NamedTuple):
    status: int
    body: Any
    headers: dict[str, str]


def ask(double: Double, path: str, method: str = "GET", body: Any = None, **headers: str) -> Got:
    """One plain request; a token unless `Authorization` is given."""
    sent = {"Authorization": f"token {double.token}"} | {key.replace("_", "-"): value for key, value in headers.items()}
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(double.url + path, content, {k: v for k, v in sent.items() if v}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return Got(response.status, _content(response), dict(response.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Got(error.code, _content(error), dict(error.headers))


def _content(response: Any) -> Any:
    text = response.read().decode()
    return json.loads(text) if text and "json" in response.headers.get("Content-Type", "") else text
