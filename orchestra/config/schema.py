"""`orchestra.yaml`: text in, one checked `Config` out. Every error names file, line and key. Reads no file.

To add a key: the field with its default in the record, the reader of the same name below the records (see `nodes.py`),
a line in docs/configuration.md, and the key in `WHOLE` of tests/unit/config/test_schema.py.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from orchestra.config import env_templates
from orchestra.config.agent_names import AGENTS
from orchestra.config.gate_presets import PRESETS
from orchestra.config.nodes import (
    Node,
    Reader,
    amount,
    checked,
    choice,
    choice_problem,
    duration,
    list_of,
    mapping_of,
    matching,
    merged,
    record,
    root,
    text,
    text_or_nothing,
    true_or_false,
    whole_number,
)
from orchestra.config.yaml import Document, parse
from orchestra.core import actions, budget, gates
from orchestra.core.auto_rules import AutoRule
from orchestra.core.budget import Budget
from orchestra.core.globs import matches
from orchestra.core.models import Attention
from orchestra.core.records import Record
from orchestra.core.text import clean

# Where the programs are that PATH leads to by a shim.
PROGRAMS = (
    *("MISE_*_DIR", "MISE_TRUSTED_CONFIG_PATHS", "ASDF_DIR", "ASDF_DATA_DIR", "ASDF_CONFIG_FILE", "VOLTA_HOME"),
    *("NVM_DIR", "FNM_DIR", "N_PREFIX", "*ENV_ROOT", "CARGO_HOME", "RUSTUP_HOME", "JAVA_HOME", "SDKMAN_DIR"),
    *("BUN_INSTALL", "PNPM_HOME"),
)
# What a worker's process gets of the caller's environment. Whatever else is there (tokens, sockets, the marks of a
# Claude Code around us) stays outside.
ENVIRONMENT = (
    *("PATH", "HOME", "USER", "SHELL", "LANG", "LC_*", "TERM", "SSH_AUTH_SOCK", "*_PROXY", "*_proxy", "NO_PROXY"),
    *("SSL_CERT_*", "ANTHROPIC_*", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_USE_*", "CLAUDE_CODE_MAX_*", "DISABLE_*"),
    *("AWS_*", "GOOGLE_*", "CLOUD_ML_REGION", "CLOUDSDK_*", "VERTEX_REGION_*", "AZURE_*"),
    # Logins without a file, a company's certificates, and a certificate of the user's own.
    *("CLAUDE_CODE_OAUTH_*", "CLAUDE_CODE_CLIENT_CERT", "CLAUDE_CODE_CLIENT_KEY*", "CLAUDE_CODE_API_KEY_HELPER_*"),
    *("CLAUDE_CODE_SKIP_*_AUTH", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CA*"),
    # Who commits and signs: a worker's commit is made as one that the user types.
    *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "GNUPGHOME"),
    *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"),
    *("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"),
    *PROGRAMS,
)
# Set by orchestra, or the mark of an agent around us; a file descriptor means nothing in another process, and what
# direnv and mise have loaded means nothing in another directory.
_NEVER = ("CLAUDECODE", "TMUX", "TMUX_*", "ORCHESTRA_*", "*_FILE_DESCRIPTOR", "DIRENV_*", "__MISE_*")
_TOKENS = ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")  # by full name only


class Agent(Record):
    """`agents.<name>`: how to start it, and what it may do. An empty command is the agent's own default."""

    command: str = ""
    model: str | None = None
    args: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    permissions: str = "standard"


class Workers(Record):
    """`max`: how many run at once; the others wait in the queue."""

    max: int = 5


class Queue(Record):
    """`priorities`: labels, the most urgent first; an issue with one of them starts before those without."""

    priorities: tuple[str, ...] = ()


class Day(Record):
    """What all workers together may use in a day; None: no limit."""

    tokens: int | None = None
    cost: float | None = None
    time: float | None = None
    turns: int | None = None

    @property
    def budget(self) -> Budget:
        """The same as a budget."""
        return Budget(self.tokens or 0, self.cost or 0.0, self.time or 0.0, self.turns or 0)


class Limits(Record):
    """How often without progress before the user is asked, and after how many seconds a silence means something.

    `tokens`, `cost`, `time` (seconds at work) and `turns`: what a worker may use; None: no limit.
    """

    verify: int = 5
    ci: int = 3
    review: int = 3
    restart: int = 3
    silent: float = 600.0
    stall: float = 1800.0
    tokens: int | None = None
    cost: float | None = None
    time: float | None = None
    turns: int | None = None
    day: Day = Day()

    @property
    def budget(self) -> Budget:
        """What a worker may use."""
        return Budget(self.tokens or 0, self.cost or 0.0, self.time or 0.0, self.turns or 0)


class GateConfig(Record):
    """A point that only the user may pass, by path or by command (see `core/gates.py`)."""

    name: str
    paths: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    why: str = ""


class Notify(Record):
    """How the user is alerted: `command` gets the alert as JSON on its input; `kinds` empty is every kind."""

    bell: bool = True
    desktop: bool = True
    command: str | None = None
    kinds: tuple[str, ...] = ()
    quiet: str | None = None


class Github(Record):
    """How often to ask, where (an Enterprise server), and what prints a token.

    `repo`: where issues and pull requests are. `remote`: fetched; `push_remote`: pushed to. None: see git/remotes.py.
    """

    poll: float = 20.0
    api_url: str | None = None
    token_command: str | None = None
    repo: str | None = None
    remote: str | None = None
    push_remote: str | None = None


class PullRequest(Record):
    """`update`: who brings a branch up to date with its base: auto, ask or never. `stack`: how a branch that is built
    on another worker's follows it: merge or rebase.

    `merge`: how `orchestra merge` does it; None: as the repository on GitHub does by default. `receipt`: whether the
    text of a pull request ends with what the work has taken. The rest is set when one is opened: `reviewers` are
    logins, or teams as `org/team`; `template`: the repository's own text comes first where the worker wrote none.
    `assign`: the issue is assigned to the token's user at `spawn`.
    """

    update: str = "auto"
    stack: str = "merge"
    merge: str | None = None
    draft: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    template: bool = True
    assign: bool = False
    receipt: bool = False


class ChecksConfig(Record):
    """`ignore`: patterns of checks that decide nothing when they fail.

    `settle`: seconds after a push until what has not begun is believed not to come.
    """

    ignore: tuple[str, ...] = ()
    settle: float = 25.0


class Trust(Record):
    """`logins`: accounts whose words count as a member's."""

    logins: tuple[str, ...] = ()


class Merge(Record):
    """Whether the orchestrator's agent may merge; workers never may."""

    orchestrator: bool = False


class Tmux(Record):
    """The socket of orchestra's server, the key after the prefix, and whether the user's tmux.conf is read."""

    socket: str = "orchestra"
    key: str = "O"
    user_config: bool = True


class Config(Record):
    """The whole config. `tracker` None: the remote decides."""

    tracker: str | None = None
    base: str = "main"
    worktree: str = "../{repo}-issue-{id}"
    branch: str = "issue-{id}"
    copy: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    setup: str | None = None
    teardown: str | None = None
    env: Mapping[str, str] = MappingProxyType({})
    address: str | None = None
    verify: str | None = None
    agent: str = "claude"
    agents: Mapping[str, Agent] = MappingProxyType({"claude": Agent("claude"), "scripted": Agent()})
    workers: Workers = Workers()
    auto: tuple[AutoRule, ...] = ()
    queue: Queue = Queue()
    limits: Limits = Limits()
    plan: str = "auto"
    gates: tuple[GateConfig, ...] = ()
    forbid: tuple[str, ...] = ()
    notify: Notify = Notify()
    layout: str = "default"
    prompt: str = "worker"
    github: Github = Github()
    pull_request: PullRequest = PullRequest()
    checks: ChecksConfig = ChecksConfig()
    trust: Trust = Trust()
    merge: Merge = Merge()
    tmux: Tmux = Tmux()
    keys: Mapping[str, str | None] = MappingProxyType({})  # of the key table, by action; null: no key


def load(sources: Sequence[tuple[str, str]], repository: str = "") -> Config:
    """The config of `(name, text)` sources over the defaults, later ones winning; raises UsageError.

    Mappings merge key by key, lists are replaced whole. Without a source nothing is parsed, nor is YAML imported.
    `repository`: the name of the source that everybody who can push may change. It starts nothing by itself.
    """
    documents = [parse(text, name) for name, text in sources]
    given = [document for document in documents if document.value is not None]
    for document in given:
        _config(root(document))
        if document.name == repository and isinstance(document.value, dict) and "auto" in document.value:
            raise root(document).below("auto", None).error("only your own ~/.config/orchestra/config.yaml may have it")
    return _config(merged([_DEFAULTS, *given])) if given else Config()


def fill(template: str, repo: str, issue: str) -> str:
    """A `worktree` or `branch` template with `{repo}` and `{id}` filled in.

    In one pass, so that a repository called `{id}` is not filled in again.
    """
    values = {"{repo}": repo, "{id}": issue}
    return re.sub(r"\{repo\}|\{id\}", lambda found: values[found[0]], template)


def environment_allowed(patterns: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """What a worker's process gets of `environ`: the default list and `patterns` (`agents.<name>.env`)."""
    wanted = (*ENVIRONMENT, *patterns)
    return {
        name: value
        for name, value in environ.items()
        if (name in patterns if name in _TOKENS else matches(name, wanted)) and not matches(name, _NEVER)
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


# --- rules: each returns what is wrong with a value, or nothing ---


def _command_problem(command: str) -> str:
    try:
        return "" if shlex.split(command) else "expected a command"
    except ValueError:
        return "its quotes do not match"


def _template_problem(value: str) -> str:
    if "{id}" not in value:
        return "{id} is missing: every worker needs its own"
    return "only {id} and {repo} are filled in" if re.search(r"[{}]", fill(value, "", "")) else ""


def _branch_problem(value: str) -> str:
    return ref_problem(fill(value, "widgets", "124"))


def _env_name_problem(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name, re.ASCII):
        return "expected a variable's name"
    taken = name in ("PATH", "HOME", *_TOKENS) or matches(name, _NEVER)
    return "orchestra sets this variable itself" if taken else ""


def _env_value(node: Node) -> str:
    """Text, or a number as YAML reads it."""
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        return str(node.value)
    return checked(text(), env_templates.problem)(node)


def _address_problem(value: str) -> str:
    return "" if re.match(r"https?://[^/\s]", value) else "expected an address such as http://localhost:{3000 + slot}"


def _inside_problem(value: str) -> str:
    bad = not value or value.startswith(("/", "~")) or ".." in value.split("/") or not value.isprintable()
    return "expected a path inside the repository" if bad else ""


# --- readers: one for each record, one argument for each field ---

_COUNT = whole_number(1, 100)
_VARIABLE = checked(text(1), matching(r"[A-Za-z_*][A-Za-z0-9_*]*", "a variable's name; * matches any text"))
_HOURS = matching(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", "hours such as 22:00-07:00")
_URL = matching(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._/-]*)?", "a web address")

_agent = record(
    Agent,
    command=text(),
    model=text_or_nothing,
    args=list_of(text()),
    env=list_of(_VARIABLE),
    permissions=choice("strict", "standard", "auto", "bypass"),
)
_budget: dict[str, Reader[Any]] = {
    "tokens": amount(budget.tokens_in, "a number of tokens such as 500k or 2M"),
    "cost": amount(budget.cost_in, "an amount such as 5 or 2.50"),
    "time": amount(budget.seconds_in, "a duration such as 90s, 45m or 2h"),
    "turns": amount(budget.turns_in, "a whole number of turns"),
}
_limits = record(
    Limits,
    verify=_COUNT,
    ci=_COUNT,
    review=_COUNT,
    restart=_COUNT,
    silent=duration,
    stall=duration,
    day=record(Day, **_budget),
    **_budget,
)
_notify = record(
    Notify,
    bell=true_or_false,
    desktop=true_or_false,
    command=checked(text_or_nothing, _command_problem),
    kinds=list_of(choice(*Attention, "merged")),
    quiet=checked(text_or_nothing, _HOURS),
)
_LOGIN = matching(r"@?[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:\[bot\])?", "a login")
_SLUG = matching(r"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?[A-Za-z0-9._-]+/[A-Za-z0-9._-]+", "OWNER/REPO or HOST/OWNER/REPO")
_REMOTE = matching(r"[A-Za-z0-9_.][A-Za-z0-9_./-]*", "the name of a remote")
_github = record(
    Github,
    poll=duration,
    api_url=checked(text_or_nothing, _URL),
    token_command=text_or_nothing,
    repo=checked(text_or_nothing, _SLUG),
    remote=checked(text_or_nothing, _REMOTE),
    push_remote=checked(text_or_nothing, _REMOTE),
)
_REVIEWER = matching(r"@?[A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9._-]+)?", "a login, or a team as org/team")
_auto_rule = record(
    AutoRule,
    project=text(1, 200),
    label=text(1, 100),
    authors=list_of(checked(text(1), _LOGIN)),
    max=_COUNT,
    per_day=_COUNT,
)
_pull_request = record(
    PullRequest,
    update=choice("auto", "ask", "never"),
    stack=choice("merge", "rebase"),
    merge=checked(text_or_nothing, lambda name: choice_problem(name or "", ("merge", "squash", "rebase"))),
    draft=true_or_false,
    labels=list_of(text(1, 50)),
    reviewers=list_of(checked(text(1), _REVIEWER)),
    template=true_or_false,
    assign=true_or_false,
    receipt=true_or_false,
)
_tmux = record(
    Tmux,
    socket=checked(text(), matching(r"[A-Za-z0-9_-]{1,40}", "letters, digits, _ and -")),
    key=checked(text(), actions.key_problem),
    user_config=true_or_false,
)
_written_gate = record(
    GateConfig,
    name=text(1, 60),
    paths=list_of(checked(text(), gates.path_problem)),
    commands=list_of(checked(text(), gates.command_problem)),
    why=text(),
)


def _gate(node: Node) -> GateConfig:
    """A gate as written out, or the name of one that comes with orchestra: `gates: [security]`."""
    if isinstance(node.value, str):
        return GateConfig(choice(*PRESETS)(node), **PRESETS[node.value])
    gate = _written_gate(node)
    if not (gate.paths or gate.commands):
        raise node.error("a gate needs paths or commands to watch")
    return gate


def _gates(node: Node) -> tuple[GateConfig, ...]:
    found = list_of(_gate)(node)
    names = [gate.name for gate in found]
    for index, name in enumerate(names):
        if names.index(name) != index:
            raise node.below(index, None).below("name", name).error("another gate above has this name")
    return found


def _keys(node: Node) -> dict[str, str | None]:
    found = mapping_of(text_or_nothing)(node)
    for name, key in found.items():
        if why := actions.problem(found, name):
            raise node.below(name, key).error(why)
    return found


_config = record(
    Config,
    tracker=checked(text_or_nothing, lambda name: choice_problem(name or "", ("github", "local"))),
    base=checked(text(), ref_problem),
    worktree=checked(
        text(), _template_problem, matching(r"[A-Za-z0-9._/@+{}-]+", "a path of letters, digits and . _ / @ + -")
    ),
    branch=checked(text(), _template_problem, _branch_problem),
    copy=list_of(checked(text(), _inside_problem)),
    link=list_of(checked(text(), _inside_problem)),
    setup=text_or_nothing,
    teardown=text_or_nothing,
    env=mapping_of(_env_value, _env_name_problem),
    address=checked(text_or_nothing, env_templates.problem, _address_problem),
    verify=text_or_nothing,
    agent=choice(*AGENTS),
    agents=mapping_of(_agent, lambda name: choice_problem(name, AGENTS)),
    workers=record(Workers, max=_COUNT),
    auto=list_of(_auto_rule),
    queue=record(Queue, priorities=list_of(text(1, 100))),
    limits=_limits,
    plan=choice("auto", "review"),
    gates=_gates,
    forbid=list_of(checked(text(), gates.command_problem)),
    notify=_notify,
    layout=text(1),
    prompt=text(1),
    github=_github,
    pull_request=_pull_request,
    checks=record(ChecksConfig, ignore=list_of(text(1)), settle=duration),
    trust=record(Trust, logins=list_of(checked(text(1), _LOGIN))),
    merge=record(Merge, orchestrator=true_or_false),
    tmux=_tmux,
    keys=_keys,
)
_DEFAULTS = Document({"agents": {"claude": {"command": "claude"}, "scripted": {}}}, "defaults", {(): 1})
