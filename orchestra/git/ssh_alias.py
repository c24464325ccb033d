"""What ssh makes of a host's name: `Host github-work` with `HostName github.com` in ~/.ssh/config."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping

from orchestra.core.regex import regex

SECONDS = 5.0
_HOST = regex(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)  # nothing that ssh could take for an option


def real_hosts(names: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """The HostName of each name by `ssh -G`, which connects to nothing; what ssh does not answer is left out."""
    found = {name: _asked(name, environ) for name in names if _HOST.fullmatch(name)}
    return {name: host for name, host in found.items() if host}


def _asked(name: str, environ: Mapping[str, str]) -> str:
    ssh = _ssh(environ)
    host = _hostname([*ssh, "-G", name], environ)
    own = os.path.join(environ.get("HOME", "/"), ".ssh", "config")
    # ssh reads the home of the password database. Where HOME is another one, its file is read as well.
    if host == name and len(ssh) == 1 and _login_home() != environ.get("HOME") and os.path.isfile(own):
        host = _hostname([*ssh, "-F", own, "-G", name], environ)
    return host


def _hostname(argv: list[str], environ: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            argv, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False,
            encoding="utf-8", errors="replace",
        )  # fmt: skip
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ""
    rows = (line.split(" ", 1) for line in done.stdout.splitlines())
    host = next((row[1].strip().lower() for row in rows if len(row) > 1 and row[0] == "hostname"), "")
    return host if done.returncode == 0 and _HOST.fullmatch(host) else ""


def _ssh(environ: Mapping[str, str]) -> list[str]:
    """The ssh that git would start: GIT_SSH_COMMAND may name another configuration file."""
    try:
        words = shlex.split(environ.get("GIT_SSH_COMMAND", ""))
    except ValueError:
        words = []
    if words and os.path.basename(words[0]) == "ssh":
        return words
    return [shutil.which("ssh", path=environ.get("PATH", os.defpath)) or "ssh"]


def _login_home() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""
