"""Which variables of a user's shell a project needs, and how a record of them is renewed. Pure."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum

from orchestra.config.schema import PROGRAMS, environment_allowed
from orchestra.core.globs import matches
from orchestra.core.records import Record
from orchestra.storage.project_environment import ProjectEnvironment

# What git, gh, an editor, a pager and a browser are reached by and configured with. An agent gets none of it by this.
TOOLS = (
    *("EDITOR", "VISUAL", "PAGER", "LESS", "GIT_EDITOR", "GIT_PAGER", "BROWSER", "TZ", "LOGNAME"),
    *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_*", "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME", "KRB5CCNAME"),
    *("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"),
    *("GIT_ASKPASS", "SSH_ASKPASS*", "VSCODE_GIT_*", "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_*", "GIT_CONFIG_VALUE_*"),
    *("GIT_HTTP_*", "GIT_PROXY_*", "GIT_ALLOW_PROTOCOL"),
    *("GIT_AUTHOR_*", "GIT_COMMITTER_*", "GIT_SSL_*", "GIT_LFS_*", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE"),
    *("REQUESTS_CA_BUNDLE", "GH_CONFIG_DIR", "GH_HOST", "GITHUB_API_URL", "GITHUB_SERVER_URL"),
)
TERMINAL = ("TERM", "XDG_SESSION_ID", "XDG_VTNR", "XDG_SEAT*")  # of the terminal that a program runs in, not of a user
SSH_AGENT = "SSH_AUTH_SOCK"
# Of the defaults: what follows the user from login to login. Another value of these is simply the present one.
_FOLLOWS = ("PATH", "HOME", "USER", "SHELL", "LANG", "LC_*", SSH_AGENT, *TOOLS, *PROGRAMS)
_SECRET = ("*KEY*", "*TOKEN*", "*SECRET*", "*PASSWORD*", "*CREDENTIAL*")


class Kind(Enum):
    """What another value of a variable means for the workers that run."""

    FOLLOWS = "follows"  # the present one is right
    SECRET = "secret"  # noqa: S105 - a word; the new one replaces one that has expired or was rotated
    ROUTE = "route"  # where requests go, and as whom: never changed behind the workers' backs


class Renewal(Record):
    """A renewed record, and what to tell the user, each sentence once for a difference."""

    recorded: ProjectEnvironment
    sentences: tuple[str, ...] = ()


def wanted(environ: Mapping[str, str], agents: Iterable[Sequence[str]]) -> dict[str, str]:
    """What a project keeps of a shell's environment: what its agents may have (`agents.<name>.env`), and the tools."""
    found = {name: value for name, value in environ.items() if matches(name, TOOLS)}
    for patterns in ((), *agents):
        found.update(environment_allowed(patterns, environ))
    return {name: value for name, value in found.items() if not matches(name, TERMINAL)}


def kind_of(name: str) -> Kind:
    """What a change of this variable means."""
    if matches(name, _FOLLOWS):
        return Kind.FOLLOWS
    return Kind.SECRET if matches(name, _SECRET) else Kind.ROUTE


def renew(
    old: ProjectEnvironment, given: Mapping[str, str], *, in_use: bool, path: bool, only_add: bool = False
) -> Renewal:
    """The record after a command that was typed in a shell with the variables `given` (see `wanted`).

    A variable that this shell lacks is kept: a second terminal takes no key from the workers. `in_use`: workers live
    that began with the old values. `path`: this shell's PATH may replace the recorded one. `only_add`: a shell inside
    our own tmux, whose values are as old as its server.
    """
    variables, noted = dict(old.variables), dict(old.noted)
    news: dict[str, list[str]] = {"rotated": [], "differ": [], "absent": []}
    for name in sorted({*given, *old.variables}):
        value, before = given.get(name), old.variables.get(name)
        if value == before:
            noted.pop(name, None)
        elif before is None and value is not None:
            variables[name] = value
        elif only_add or (name == "PATH" and not path) or (value is None and not _routes(name, in_use=in_use)):
            continue
        elif value is not None and not _routes(name, in_use=in_use):
            variables[name] = value
            if in_use and kind_of(name) is Kind.SECRET:
                news["rotated"].append(name)
        elif noted.get(name) != (mark := _mark(name, value)):
            noted[name] = mark
            news["absent" if value is None else "differ"].append(name)
    return Renewal(old._replace(variables=variables, noted=noted), tuple(_sentences(**news)))


def matters(old: ProjectEnvironment, given: Mapping[str, str]) -> bool:
    """Whether anything differs that makes it worth to know if workers run."""
    differing = (name for name, value in old.variables.items() if given.get(name) != value)
    return any(kind_of(name) is Kind.ROUTE or name in given for name in differing if kind_of(name) is not Kind.FOLLOWS)


def masked(value: str) -> str:
    """What may be shown of a value: how long it is."""
    return f"({len(value)} character{'' if len(value) == 1 else 's'})"


def _routes(name: str, *, in_use: bool) -> bool:
    """Whether another value is only told, because workers run with the old one."""
    return in_use and kind_of(name) is Kind.ROUTE


def _sentences(rotated: Sequence[str], differ: Sequence[str], absent: Sequence[str]) -> Iterator[str]:
    how = "orchestra up --environment"
    if differ:
        verb, those = ("differs", "the one") if len(differ) == 1 else ("differ", "those")
        yield f"{_listed(differ)} {verb} from {those} the workers use: {how} renews {_it(differ)}"
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        yield f"{_listed(absent)} {verb} not set here, and the workers use {_it(absent)}: {how} removes {_it(absent)}"
    if rotated:
        yield f"{_listed(rotated)} changed: agents that start from now on get {_it(rotated)}; orchestra restart ID"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]


def _it(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _mark(name: str, value: str | None) -> str:
    return hashlib.sha256(os.fsencode(f"{name}={value}" if value is not None else name)).hexdigest()[:12]
