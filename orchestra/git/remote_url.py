"""A remote's URL, read. Pure."""

from __future__ import annotations

import re

_URL = re.compile(r"(?:https?|ssh|git)://(?:[^@/]*@)?(?P<host>[A-Za-z0-9._-]+)(?::[0-9]*)?/(?P<path>.+)", re.IGNORECASE)
_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[A-Za-z0-9._-]+):(?P<path>.+)")
_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~-]+")


def parse_remote_url(url: str) -> tuple[str, str, str] | None:
    """Host, owner and repository of a remote's URL (https, ssh or `git@host:owner/repo`); None for a path."""
    match = _URL.fullmatch(url) if "://" in url else _SCP.fullmatch(url)
    if match is None:
        return None
    names = match["path"].strip("/").removesuffix(".git").split("/")
    if len(names) < 2 or not all(map(_NAME.fullmatch, names)):
        return None
    host = match["host"].lower()
    # GitHub's ssh over the https port has a host of its own.
    return "github.com" if host == "ssh.github.com" else host, "/".join(names[:-1]), names[-1]
