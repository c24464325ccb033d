"""The GitHub token: where it comes from, and how one is kept for the monitor. Standard library only.

A token is never in argv, in tmux's environment, in a worker's environment, in a log or in a journal: all of them are
read by others.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shlex
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean
from orchestra.errors import OrchestraError

TIMEOUT = 10.0  # seconds for `github.token_command` and for `gh`
LARGEST = 4096  # bytes; a GitHub token is 40 to 255

_HOST = regex(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?::[0-9]{1,5})?", re.ASCII)
_VALUE = regex(r"[!-~]+", re.ASCII)
_FOR_GITHUB = ("GH_TOKEN", "GITHUB_TOKEN")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")  # this machine: a double, or a tunnel of the user
_FOR_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")


class Token(Record):
    """A token, and where it came from: `token_command`, a variable's name, `kept` or `gh`. Its repr hides the value."""

    value: str
    source: str

    def __repr__(self) -> str:
        return f"Token(***, source={self.source!r})"


class Credentials:
    """The token for one host, found when it is needed, and found anew when GitHub refuses it.

    What `token_command` printed is kept (0600) until it is refused: such a command may ask a password manager.
    """

    def __init__(self, host: str, token_command: str | None, environ: Mapping[str, str], home: Path) -> None:
        self._host, self._command, self._environ, self._home = _checked_host(host), token_command, environ, home
        self._refused: set[str] = set()
        self._token: Token | None = None

    def token(self) -> Token | None:
        """The token to send; None when there is none. A `token_command` that fails is an error."""
        if self._token is None:
            self._token = self._find()
        return self._token

    def renew(self) -> Token | None:
        """GitHub refused the token: forget it, and find another one; None when there is none."""
        if self._token is not None:
            self._refused.add(self._token.value)
            for path in (self._home / f"token-{self._host}", self._kept_command()):
                if _read(path) in self._refused:
                    _remove(path)
        try:
            found = self._find()
        except OrchestraError:
            return None
        self._token = found or self._token
        return found

    def _find(self) -> Token | None:
        if self._command:
            return self._from_command(self._command)
        for token in _candidates(self._host, self._environ, self._home):
            if token.value not in self._refused:
                return token
        return None

    def _from_command(self, command: str) -> Token | None:
        path = self._kept_command()
        if (kept := _read(path)) and kept not in self._refused:
            return _token(kept, "token_command")
        found = _token(_from_command(command, self._environ), "token_command")
        if found.value in self._refused:
            return None
        with contextlib.suppress(OSError):  # a disk that is full costs another run of the command
            _write(path, found.value)
        return found

    def _kept_command(self) -> Path:
        """Where its output is kept: another command has another file."""
        name = hashlib.sha256((self._command or "").encode("utf-8", "surrogateescape")).hexdigest()[:12]
        return self._home / f"token-{self._host}-{name}"


def resolve(host: str, token_command: str | None, environ: Mapping[str, str], home: Path) -> Token | None:
    """The token for `host`: `token_command`, the environment, the kept one, `gh`; None when there is none.

    A `token_command` that fails is an error: whoever configured it does not want another token used in its place.
    """
    return Credentials(host, token_command, environ, home).token()


def _candidates(host: str, environ: Mapping[str, str], home: Path) -> Iterator[Token]:
    """The tokens there are, the first choice first; `gh` is asked last, because it is a program to start."""
    if given := _given(host, environ):
        yield given
    if kept := _read(home / f"token-{host}"):
        yield _token(kept, "kept")
    if asked := _from_gh(host, environ):
        yield _token(asked, "gh")


def keep(token: Token, host: str, home: Path) -> None:
    """Keep a token that only the caller's environment holds, so that the monitor and ship have it (until `forget`)."""
    if token.source not in _FOR_GITHUB + _FOR_ENTERPRISE:
        return
    path = home / f"token-{_checked_host(host)}"
    try:
        _write(path, token.value)
    except OSError as error:
        raise OrchestraError(
            f"cannot keep the GitHub token in {path}: {error.strerror}", "orchestra doctor says what is wrong there"
        ) from None


def keep_given(host: str, environ: Mapping[str, str], home: Path) -> None:
    """Keep the token that the caller's environment holds, if it holds one; no program is asked."""
    given = _given(_checked_host(host), environ)
    if given is not None and _read(home / f"token-{host.lower()}") != given.value:
        keep(given, host, home)


def forget(home: Path) -> None:
    """Remove every kept token, and what a killed `keep` may have left."""
    for pattern in ("token-*", ".token-*"):
        for path in home.glob(pattern):
            _remove(path)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _write(path: Path, value: str) -> None:
    """Write a token for the user alone. Whatever is at `path`, a symbolic link too, is replaced and not followed."""
    home = path.parent
    temporary = home / f".{path.name}.{secrets.token_hex(8)}"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(value + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        _remove(temporary)
        raise


def _given(host: str, environ: Mapping[str, str]) -> Token | None:
    names = (name for name in _variables(host, environ) if environ.get(name, "").strip())
    return next((_token(environ[name], name) for name in names), None)


def _variables(host: str, environ: Mapping[str, str]) -> Iterator[str]:
    """The variables that may hold a token for `host`, by gh's rules: a token for github.com goes to no other host.

    Exception: the environment itself says that its GH_TOKEN belongs to that host, as gh (GH_HOST) and Actions do, or
    names its API (GITHUB_API_URL). A config file in the repository cannot: a clone would take the token.
    https://cli.github.com/manual/gh_help_environment
    """
    if host == "github.com" or host.endswith(".ghe.com"):
        yield from _FOR_GITHUB
        return
    yield from _FOR_ENTERPRISE
    server = environ.get("GITHUB_SERVER_URL", "").removeprefix("https://").rstrip("/")
    api = (urlsplit(environ.get("GITHUB_API_URL", "")).hostname or "").removeprefix("api.")
    if host in (environ.get("GH_HOST", ""), server, api) or api in _LOOPBACK:
        yield from _FOR_GITHUB


def _checked_host(host: str) -> str:
    lowered = host.lower()
    if len(lowered) > 253 or _HOST.fullmatch(lowered) is None:
        raise OrchestraError("the remote's host is not a host name", "git remote get-url origin shows it")
    return lowered


def _token(text: str, source: str) -> Token:
    value = text.strip()
    # A control character in a header makes the HTTP library quote the header, token and all, in its error.
    if _VALUE.fullmatch(value) is None or len(value) > LARGEST:
        raise OrchestraError(f"what {source} gives is not a token", "orchestra doctor says where the token comes from")
    return Token(value, source)


def _from_command(command: str, environ: Mapping[str, str]) -> str:
    """What the command prints. Its own words are not repeated in an error: they may hold a secret."""
    import tempfile

    hint = "run github.token_command of your config by hand: it must print the token and nothing else"
    try:
        argv = shlex.split(command)
        with tempfile.TemporaryFile() as complaints:  # a pipe would be waited for while a daemon of it holds it
            done = _run(argv, environ, complaints)
            complaints.seek(0)
            said = _complaint(complaints.read(LARGEST).decode("utf-8", "replace"), argv)
    except (ValueError, IndexError, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a command line"
        raise OrchestraError(f"github.token_command cannot be run: {why}", hint) from None
    except subprocess.TimeoutExpired:
        raise OrchestraError(f"github.token_command did not finish within {TIMEOUT:.0f} s", hint) from None
    if done.returncode or not done.stdout.strip():
        failed = f"failed (exit {done.returncode})" if done.returncode else "printed nothing"
        raise OrchestraError(f"github.token_command {failed}" + (f": {said}" if said else ""), hint)
    return done.stdout


def _complaint(told: str, argv: Sequence[str]) -> str:
    """The last line that a command complains with, without what it was given."""
    line = next((line for line in reversed(told.splitlines()) if line.strip()), "")
    for word in sorted(argv[1:], key=len, reverse=True):
        line = line.replace(word, "...") if len(word) > 3 else line
    return clean(line.strip(), 300)


def _from_gh(host: str, environ: Mapping[str, str]) -> str:
    """The token gh is logged in with, or nothing: no gh, logged out, or no answer in time."""
    gh = shutil.which("gh", path=environ.get("PATH", os.defpath))
    if gh is None:
        return ""
    try:
        done = _run([gh, "auth", "token", "-h", host], {**environ, "GH_PROMPT_DISABLED": "1"})
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout.strip()


def _run(
    argv: list[str], environ: Mapping[str, str], complaints: IO[bytes] | int = subprocess.DEVNULL
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=complaints,
        encoding="utf-8",
        errors="replace",
        timeout=TIMEOUT,
        env=dict(environ),
        check=False,
    )


def _read(path: Path) -> str:
    """A kept token; nothing for anything but a small regular file of the user's own."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        found = os.fstat(descriptor)
        ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and found.st_size <= LARGEST
        return os.read(descriptor, LARGEST).decode("ascii", "replace").strip() if ours else ""
    finally:
        os.close(descriptor)
