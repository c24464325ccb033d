"""What can go wrong between us and GitHub, to be switched on per path."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any, NamedTuple


class Fault(StrEnum):
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    PRIMARY = "403 primary"
    SECONDARY = "403 secondary"
    TOO_MANY = "429"
    HTML = "500 html"
    BAD_GATEWAY = "502"
    LOGIN_PAGE = "200 html"
    EMPTY = "200 empty"
    TRUNCATED = "truncated json"
    CUT = "connection cut in the body"
    WRONG_TYPES = "wrong types"
    DEEP = "json too deep"
    HANG = "hang"
    RESET = "reset connection"
    MOVED = "301"


class Reply(NamedTuple):
    """What goes on the wire. `cut`: only half of the body goes; `silent`: nothing goes, `hang` or `reset`."""

    status: int
    headers: dict[str, str]
    body: bytes
    cut: bool = False
    silent: Fault | None = None


class Switched(NamedTuple):
    """A fault that is on, for requests whose path holds `path` (and of `method`, if given)."""

    fault: Fault
    path: str
    method: str

    def meets(self, method: str, path: str) -> bool:
        if self.fault is Fault.MOVED and not path.startswith("/repos/"):
            return False  # the new address of what has moved
        return self.path in path and self.method in ("", method)


def json_reply(status: int, body: Any, headers: dict[str, str] | None = None) -> Reply:
    typed = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    return Reply(status, typed, b"" if body is None else json.dumps(body).encode())


def refusal(status: int, message: str, headers: dict[str, str] | None = None, errors: list[Any] | None = None) -> Reply:
    """An error as GitHub writes it."""
    body = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    return json_reply(status, body | ({"errors": errors} if errors else {}), headers)


def exhausted(reset: int) -> Reply:
    """The primary limit is used up until `reset` (seconds since the epoch)."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    return refusal(403, "API rate limit exceeded for user ID 1.", headers)


def instead(fault: Fault, reset: int, path: str, method: str, elsewhere: str = "") -> Reply | None:
    """What the client gets instead of an answer; None for the faults that spoil the real answer (`spoilt`).

    `elsewhere`: the host, http://..., that a moved repository is on now.
    """
    html = {"Content-Type": "text/html; charset=utf-8"}
    secondary = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    moved = path.split("/", 4)[4:]
    replies = {
        Fault.UNAUTHORIZED: refusal(401, "Bad credentials"),
        Fault.FORBIDDEN: refusal(403, "Resource not accessible by personal access token"),
        Fault.NOT_FOUND: refusal(404, "Not Found"),
        Fault.PRIMARY: exhausted(reset),
        Fault.SECONDARY: refusal(403, secondary, {"Retry-After": "90"}),
        Fault.TOO_MANY: refusal(429, secondary),
        Fault.HTML: Reply(500, html, b"<html><body>Unicorn!</body></html>"),
        Fault.BAD_GATEWAY: refusal(502, "Server Error"),
        Fault.LOGIN_PAGE: Reply(200, html, b"<html><body>Please sign in to the hotel network</body></html>"),
        Fault.EMPTY: Reply(200, {"Content-Type": "application/json"}, b""),
        Fault.DEEP: Reply(200, {"Content-Type": "application/json"}, b"[" * 100_000),
        Fault.HANG: Reply(0, {}, b"", silent=Fault.HANG),
        Fault.RESET: Reply(0, {}, b"", silent=Fault.RESET),
        Fault.MOVED: refusal(
            301 if method == "GET" else 307,
            "Moved Permanently",
            {"Location": "/".join([f"{elsewhere}/repositories/1296269", *moved])},
        ),
    }
    return replies.get(fault)


def spoilt(fault: Fault, reply: Reply) -> Reply:
    """The real answer, damaged."""
    if fault is Fault.CUT:
        return reply._replace(cut=True)
    if fault is Fault.TRUNCATED:
        return reply._replace(body=reply.body[: len(reply.body) // 2])
    if fault is Fault.WRONG_TYPES:
        return reply._replace(body=json.dumps(_wrong(json.loads(reply.body))).encode())
    return reply


def _wrong(value: Any) -> Any:
    """Every leaf of another type; the containers stay, so that a reader gets as far as it can."""
    if isinstance(value, dict):
        return {key: _wrong(one) for key, one in value.items()} or "none"
    if isinstance(value, list):
        return [_wrong(one) for one in value] or "none"
    return [value] if isinstance(value, str) else "wrong"
