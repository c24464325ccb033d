"""What tests ask with: the tracker, or one plain request."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, NamedTuple

from orchestra.github.tracker import GitHubTracker
from support.github_double.server import Double

Connect = Callable[..., GitHubTracker]


class Clock:
    """A wall clock that a test moves by `shift` seconds."""

    def __init__(self) -> None:
        self.shift = 0.0

    def __call__(self) -> float:
        return time.time() + self.shift


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
