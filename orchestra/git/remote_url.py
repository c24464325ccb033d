"""A remote's URL, read. Pure."""

from __future__ import annotations

import re

from orchestra.core.records import Record
from orchestra.core.regex import regex

_URL = regex(
    r"(?P<scheme>https?|ssh|git|git\+ssh|ssh\+git|git\+https?)://(?:[^@/]*@)?"
    r"(?P<host>[A-Za-z0-9._-]+)(?::(?P<port>[0-9]*))?/(?P<path>.+)",
    re.IGNORECASE,
)
_SCP = regex(r"(?:[^@/:]+@)?(?P<host>[A-Za-z0-9._-]+):(?P<path>.+)")
_SCP_PORT = regex(r"\[(?:[^@/:\]]+@)?(?P<host>[A-Za-z0-9._-]+)(?::[0-9]*)?\]:(?P<path>.+)")
_NAME = regex(r"(?!\.{1,2}$)[A-Za-z0-9._~-]+")
_SAME_HOST = regex(r"(?:ssh|www)\.(github\.com|[a-z0-9-]+\.ghe\.com)")
_USUAL_PORT = {"http": "80", "https": "443"}


class RemoteURL(Record):
    """Host, owner and repository that a URL names; `ssh`: its host is a name that ssh may know as an alias."""

    host: str
    owner: str
    name: str
    ssh: bool


def parse_remote_url(url: str) -> tuple[str, str, str] | None:
    """Host, owner and repository of a remote's URL (https, ssh or `git@host:owner/repo`); None for a path."""
    found = read_remote_url(url)
    return found[:3] if found else None


def read_remote_url(url: str) -> RemoteURL | None:
    """The same, with what is needed to follow an alias of ssh. A port of https is a part of the host."""
    match = _URL.fullmatch(url) if "://" in url else _SCP_PORT.fullmatch(url) or _SCP.fullmatch(url)
    if match is None:
        return None
    names = match["path"].strip("/").removesuffix(".git").split("/")
    if len(names) < 2 or not all(map(_NAME.fullmatch, names)):
        return None
    found = match.groupdict()
    scheme = (found.get("scheme") or "ssh").lower().removeprefix("git+").removesuffix("+git")
    host, port = match["host"].lower(), found.get("port") or ""
    if same := _SAME_HOST.fullmatch(host):  # GitHub's ssh over the https port has a host of its own
        host = same[1]
    elif scheme in _USUAL_PORT and port not in ("", _USUAL_PORT[scheme]):
        host = f"{host}:{port}"
    return RemoteURL(host, "/".join(names[:-1]), names[-1], scheme == "ssh")


def without_password(text: str) -> str:
    """A text in which URLs show no password."""
    return re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", text)
