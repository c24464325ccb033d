"""`orchestra.yaml`: text in, one checked, frozen `Config` out. Every error names file, line and key. Reads no file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any

from msgspec import Meta, Struct, convert, field

from orchestra.config.gate_presets import PRESETS
from orchestra.config.validation import shape
from orchestra.config.yaml import Document, Path, parse
from orchestra.core import actions, gates
from orchestra.core.models import Attention
from orchestra.core.text import clean

AGENTS = ("claude", "scripted")  # one file each in `agents/`
SETUP_TIMEOUT = 1800.0  # seconds: a first `npm ci` on a slow line; then the pane says so and the worker is stuck
VERIFY_TIMEOUT = 3600.0

# What a worker's process gets of the caller's environment. Whatever else is there (tokens, XDG paths, the marks of a
# Claude Code around us) stays outside.
ENVIRONMENT = (
    *("PATH", "HOME", "USER", "SHELL", "LANG", "LC_*", "TERM", "SSH_AUTH_SOCK", "*_PROXY", "*_proxy", "NO_PROXY"),
    *("SSL_CERT_*", "ANTHROPIC_*", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_USE_*", "CLAUDE_CODE_MAX_*", "DISABLE_*"),
    *("AWS_*", "GOOGLE_*", "CLOUD_ML_REGION"),
)
_NEVER = ("CLAUDECODE", "TMUX", "TMUX_*", "ORCHESTRA_*")  # ours to set, or the mark of an agent around us
_TOKENS = ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")  # by full name only


class Seconds(float):
    """A duration: `90s`, `10m`, `2h`, or a whole number of seconds."""

    __slots__ = ()


Count = Annotated[int, Meta(ge=1, le=100)]
Text = Annotated[str, Meta(min_length=1)]
Problem = tuple[Path, str]  # a key, and what is wrong with its value; empty when nothing is


class _Section(Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping of the config: every key is known, nothing changes after the load."""


class Agent(_Section, frozen=True):
    """`agents.<name>`: how to start it, and what it may do. An empty command is the agent's own default."""

    command: str = ""
    model: Text | None = None
    args: tuple[str, ...] = ()
    env: tuple[Text, ...] = ()
    permissions: str = "standard"


class Workers(_Section, frozen=True):
    """`max`: how many run at once; the others wait in the queue."""

    max: Count = 5


class Limits(_Section, frozen=True):
    """How often without progress before a person is asked, and how long a silence means something."""

    verify: Count = 5
    ci: Count = 3
    review: Count = 3
    restart: Count = 3
    silent: Seconds = Seconds(600)
    stall: Seconds = Seconds(1800)


class GateConfig(_Section, frozen=True):
    """A point that only a person may pass, by path or by command (see `gates.py`)."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    paths: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    why: str = ""


class Notify(_Section, frozen=True):
    """How a person is called: `command` gets the alert as JSON on its input; `kinds` empty is every kind."""

    bell: bool = True
    desktop: bool = True
    command: Text | None = None
    kinds: tuple[str, ...] = ()
    quiet: Text | None = None


class Github(_Section, frozen=True):
    """How often to ask, where (an Enterprise server), and what prints a token."""

    poll: Seconds = Seconds(20)
    api_url: str | None = None
    token_command: Text | None = None


class Tmux(_Section, frozen=True):
    """Our server's socket, the key after the prefix, and whether the person's tmux.conf is read."""

    socket: str = "orchestra"
    key: str = "O"
    user_config: bool = True


class Config(_Section, frozen=True):
    """The whole config. `tracker` None: the remote decides."""

    tracker: str | None = None
    base: str = "main"
    worktree: str = "../{repo}-issue-{id}"
    branch: str = "issue-{id}"
    copy: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    setup: Text | None = None
    verify: Text | None = None
    agent: str = "claude"
    agents: Mapping[str, Agent] = field(default_factory=lambda: {"claude": Agent("claude"), "scripted": Agent()})
    workers: Workers = Workers()
    limits: Limits = Limits()
    plan: str = "auto"
    gates: tuple[GateConfig, ...] = ()
    forbid: tuple[str, ...] = ()
    notify: Notify = Notify()
    layout: Text = "default"
    prompt: Text = "worker"
    github: Github = Github()
    tmux: Tmux = Tmux()
    keys: Mapping[str, str | None] = field(default_factory=dict)  # of the key table, by action; null: none


def load(sources: Sequence[tuple[str, str]]) -> Config:
    """The config of `(name, text)` sources over the defaults, later ones winning; raises UsageError.

    Mappings merge key by key, lists are replaced whole. Without a source nothing is parsed, nor is YAML imported.
    """
    merged: dict[str, Any] = {"agents": {"claude": {"command": "claude"}, "scripted": {}}}
    for name, text in sources:
        document = parse(text, name)
        _check(document)
        merged = _merge(merged, document.value or {})
    return convert(merged, Config, dec_hook=_custom)


def fill(template: str, repo: str, issue: str) -> str:
    """A `worktree` or `branch` template with `{repo}` and `{id}` filled in, in one pass (failures.md X12)."""
    values = {"{repo}": repo, "{id}": issue}
    return re.sub(r"\{repo\}|\{id\}", lambda found: values[found[0]], template)


def environment_allowed(patterns: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """What a worker's process gets of `environ`: the default list and `patterns` (`agents.<name>.env`)."""
    wanted = (*ENVIRONMENT, *patterns)
    return {
        name: value
        for name, value in environ.items()
        if (name in patterns if name in _TOKENS else any(fnmatchcase(name, pattern) for pattern in wanted))
        and not any(fnmatchcase(name, pattern) for pattern in _NEVER)
    }


def ref_problem(name: str) -> str:
    """Why git would not take this as a branch name; empty when it would (git-check-ref-format(1))."""
    if not name or name == "@" or name.startswith("-") or name.endswith("."):
        return "not a branch name"
    if found := re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{", name):
        return f"a branch name cannot hold {clean(found[0]) or 'a space or control character'}"
    if any(not part or part.startswith(".") or part.endswith(".lock") for part in name.split("/")):
        return "no part of a branch name may be empty, start with a dot or end with .lock"
    return ""


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _custom(type_: type, value: Any) -> Any:
    """Asked by msgspec about the one type it does not know: a duration."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smh]?)", str(value)) if isinstance(value, str | int) else None
    if type_ is not Seconds or found is None:
        raise ValueError("expected a duration such as 90s, 10m or 2h")
    return Seconds(int(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]])


def _check(document: Document) -> None:
    """Refuse what is wrong in one source: shapes by msgspec, then the rules a type cannot say."""
    if document.value is None:
        return
    if isinstance(document.value, dict) and isinstance(agents := document.value.get("agents"), dict):
        for name in agents:  # apart, because msgspec's error path does not say which key of a dict
            if problem := _choice(name, AGENTS):
                raise document.error(("agents", name), problem)
            shape(document, Agent, _custom, ("agents", name))
    _expand_presets(document)
    config = shape(document, Config, _custom)
    for path, problem in _problems(config, document.value):
        if problem:
            raise document.error(path, problem)


def _expand_presets(document: Document) -> None:
    """`gates: [security]` names a gate that comes with orchestra."""
    listed = document.value.get("gates") if isinstance(document.value, dict) else None
    if not isinstance(listed, list):
        return
    for index, name in enumerate(listed):
        if isinstance(name, str):
            if problem := _choice(name, tuple(PRESETS)):
                raise document.error(("gates", index), problem)
            listed[index] = dict(PRESETS[name], name=name)


def _problems(config: Config, given: Mapping[str, Any]) -> Iterator[Problem]:
    """The rules a type cannot say, as (key path, problem or nothing)."""
    yield ("tracker",), _choice(config.tracker or "github", ("github", "local"))
    yield ("agent",), _choice(config.agent, AGENTS)
    yield ("plan",), _choice(config.plan, ("auto", "review"))
    yield from ((("keys", name), actions.problem(config.keys, name)) for name in config.keys)
    yield ("base",), ref_problem(config.base)
    yield ("branch",), _template(config.branch) or ref_problem(fill(config.branch, "widgets", "124"))
    yield ("worktree",), _template(config.worktree) or _path(config.worktree)
    for name in given.get("agents", {}):
        yield (
            ("agents", name, "permissions"),
            _choice(config.agents[name].permissions, ("strict", "standard", "bypass")),
        )
        yield from _each(("agents", name, "env"), config.agents[name].env, _variable)
    yield from _each(("copy",), config.copy, _inside)
    yield from _each(("link",), config.link, _inside)
    yield from _each(("forbid",), config.forbid, gates.command_problem)
    for index, gate in enumerate(config.gates):
        if not (gate.paths or gate.commands):
            yield ("gates", index), "a gate needs paths or commands to watch"
        if [other.name for other in config.gates].index(gate.name) != index:
            yield ("gates", index, "name"), "a gate of this name stands above"
        yield from _each(("gates", index, "paths"), gate.paths, gates.path_problem)
        yield from _each(("gates", index, "commands"), gate.commands, gates.command_problem)
    yield ("tmux", "socket"), _matches(config.tmux.socket, r"[A-Za-z0-9_-]{1,40}", "letters, digits, _ and -")
    yield ("tmux", "key"), actions.key_problem(config.tmux.key)
    for index, kind in enumerate(config.notify.kinds):
        yield ("notify", "kinds", index), _choice(kind, (*Attention, "merged"))
    hours = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"
    yield ("notify", "quiet"), _matches(config.notify.quiet or "22:00-07:00", hours, "hours such as 22:00-07:00")
    yield ("notify", "command"), _words(config.notify.command or "true")
    url = config.github.api_url or "https://api.github.com"
    yield ("github", "api_url"), _matches(url, r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._/-]*)?", "a web address")


def _each(path: Path, values: Sequence[str], problem: Callable[[str], str]) -> Iterator[Problem]:
    for index, value in enumerate(values):
        yield (*path, index), problem(value)


def _words(command: str) -> str:
    import shlex

    try:
        return "" if shlex.split(command) else "expected a command"
    except ValueError:
        return "its quotes do not match"


def _choice(value: str, known: Sequence[str]) -> str:
    return "" if value in known else f'expected one of {", ".join(known)}, got "{clean(value, 60)}"'


def _matches(value: str, pattern: str, wanted: str) -> str:
    return "" if re.fullmatch(pattern, value, re.ASCII) else f'expected {wanted}, got "{clean(value, 60)}"'


def _template(value: str) -> str:
    if "{id}" not in value:
        return "{id} is missing: every worker needs its own"
    return "only {id} and {repo} are filled in" if re.search(r"[{}]", fill(value, "", "")) else ""


def _path(value: str) -> str:
    return _matches(value, r"[A-Za-z0-9._/@+{}-]+", "a path of letters, digits and . _ / @ + -")


def _inside(value: str) -> str:
    bad = not value or value.startswith(("/", "~")) or ".." in value.split("/") or not value.isprintable()
    return "expected a path inside the repository" if bad else ""


def _variable(value: str) -> str:
    return _matches(value, r"[A-Za-z_*][A-Za-z0-9_*]*", "a variable's name; * stands for any text")
