"""The hosts that are GitHubs though their names do not say so: `gh` is logged in there, or a variable names them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from orchestra.core.regex import regex
from orchestra.storage.files import read_text

_ENTRY = regex(r"^[\"']?(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?)[\"']?:", re.MULTILINE)


def known_hosts(environ: Mapping[str, str], api_url: str | None = None) -> frozenset[str]:
    """Hosts of `gh auth login`, GH_HOST, GITHUB_SERVER_URL, and the one whose API address is configured."""
    home = environ.get("XDG_CONFIG_HOME") or os.path.join(environ.get("HOME", "/"), ".config")
    path = os.path.join(environ.get("GH_CONFIG_DIR") or os.path.join(home, "gh"), "hosts.yml")
    try:
        text = read_text(os.path.realpath(path))  # often a link into a repository of dotfiles
    except OSError:
        text = ""
    found = {match["host"].lower() for match in _ENTRY.finditer(text)}
    found.add(environ.get("GH_HOST", "").lower())
    found.add(_host(environ.get("GITHUB_SERVER_URL", "")))
    found.add(_host(api_url or "").removeprefix("api."))
    return frozenset(filter(None, found))


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""
