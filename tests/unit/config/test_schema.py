from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.paths import ROOT

from orchestra.config.schema import Agent, Config, GateConfig, environment_allowed, fill, load, ref_problem
from orchestra.core.auto_rules import AutoRule
from orchestra.errors import UsageError

pytestmark = pytest.mark.fast

WHOLE = """
tracker: github
base: develop
worktree: "../{repo}-issue-{id}"
branch: "fix/issue-{id}"
copy: [.env, config/local.yaml]
link: [node_modules]
setup: make deps
teardown: make down
env: {PORT: "{3000 + slot * 10}", DEBUG: 1}
address: "http://localhost:{3000 + slot * 10}"
verify: make test
agent: claude
plan: review
agents: {claude: {command: claude, model: opus, args: [--verbose], env: [FOO, BAR_*], permissions: strict}}
workers: {max: 8}
auto: [{project: acme/widgets, label: ready, authors: [sue], max: 2, per_day: 6}]
queue: {priorities: [urgent]}
limits: {verify: 6, ci: 4, review: 2, restart: 1, silent: 15m, stall: 90s}
gates:
  - {name: auth, paths: ["**/auth/**"], why: "Security decisions need a human"}
  - {name: release, commands: ["npm publish*"]}
forbid: ["terraform apply*"]
notify: {bell: false, desktop: false, command: notify-send}
layout: wide
prompt: prompts/own.md
github: {poll: 60, api_url: "https://github.example.com/api/v3", token_command: pass github}
pull_request: {update: ask, stack: rebase, merge: squash, receipt: true}
checks: {ignore: ["nightly*"], settle: 2m}
trust: {logins: [sue, "ci-user[bot]"]}
merge: {orchestrator: true}
tmux: {socket: mine, key: M-o, user_config: false}
keys: {spawn: S, back: null}
"""


def test_every_key_of_a_whole_config_arrives() -> None:
    config = load([("orchestra.yaml", WHOLE)])
    assert config.agents["claude"] == Agent("claude", "opus", ("--verbose",), ("FOO", "BAR_*"), "strict")
    assert config.gates[0] == GateConfig("auth", ("**/auth/**",), (), "Security decisions need a human")
    assert config.gates[1].commands == ("npm publish*",)
    assert (config.limits.silent, config.limits.stall, config.github.poll) == (900.0, 90.0, 60.0)
    assert (config.checks.ignore, config.checks.settle) == (("nightly*",), 120.0)
    assert config.copy == (".env", "config/local.yaml")
    defaults = Config()._asdict()
    same = [key for key, value in config._asdict().items() if value == defaults[key]]
    assert same == ["worktree", "agent"]


def test_the_defaults() -> None:
    config = load([])
    assert config == Config()
    assert (config.tracker, config.base, config.agent, config.workers.max) == (None, "main", "claude", 5)
    assert config.limits.silent == 600.0
    assert set(config.agents) == {"claude", "scripted"}
    assert load([("a", ""), ("b", "# nothing\n")]) == config
    assert load([("a", "{}")]) == config


def test_without_a_file_no_yaml_is_imported() -> None:
    asked = "import sys; from orchestra.config.schema import load; load([]); sys.exit('yaml' in sys.modules)"
    root = ROOT
    assert subprocess.run([sys.executable, "-c", asked], cwd=root, check=False).returncode == 0


def test_later_sources_win_key_by_key_and_lists_whole() -> None:
    person = "limits: {ci: 9, silent: 2h}\ncopy: [a, b]\nagents: {claude: {model: opus, env: [X]}}\nverify: make"
    project = "limits: {ci: 4}\ncopy: [c]\nagents: {claude: {permissions: strict}}\nverify: null"
    config = load([("config.yaml", person), ("orchestra.yaml", project)])
    assert (config.limits.ci, config.limits.silent, config.limits.verify) == (4, 7200.0, 5)
    assert config.copy == ("c",)
    assert config.agents["claude"] == Agent("claude", "opus", (), ("X",), "strict")
    assert config.verify is None


@given(st.lists(st.sampled_from(["limits: {ci: 7}", "limits: {review: 2}", "base: dev", "copy: [x]", ""]), max_size=5))
def test_the_last_source_wins(texts: list[str]) -> None:
    once = load([("f", text) for text in [*texts, "limits: {ci: 1}"]])
    assert once.limits.ci == 1
    assert once.base == ("dev" if "base: dev" in texts else "main")
    assert once.limits.review == (2 if "limits: {review: 2}" in texts else 3)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("limits:\n  ci: many", 'o.yaml:2: limits.ci: expected a whole number, got text "many"'),
        ("limits:\n\n  cii: 3", "o.yaml:3: limits.cii: unknown key; did you mean ci?"),
        ("limits: {ci: 1.5}", "o.yaml:1: limits.ci: expected a whole number, got 1.5"),
        ("limits: {ci: true}", "o.yaml:1: limits.ci: expected a whole number, got true"),
        ("limits: {ci: 0}", "o.yaml:1: limits.ci: expected a whole number of at least 1, got 0"),
        (
            "limits: {silent: soon}",
            'o.yaml:1: limits.silent: expected a duration such as 90s, 10m or 2h, got text "soon"',
        ),
        (
            "limits: {tokens: lots}",
            'o.yaml:1: limits.tokens: expected a number of tokens such as 500k or 2M, got text "lots"',
        ),
        ("limits: {day: {cost: -1}}", "o.yaml:1: limits.day.cost: expected an amount such as 5 or 2.50, got -1"),
        ("limits: {time: 2d}", 'o.yaml:1: limits.time: expected a duration such as 90s, 45m or 2h, got text "2d"'),
        ("limits: {turns: true}", "o.yaml:1: limits.turns: expected a whole number of turns, got true"),
        ("auto: [{label: ready}]", "o.yaml:1: auto[0]: project is missing"),
        ("limits: {silent: 0}", "o.yaml:1: limits.silent: expected a duration such as 90s, 10m or 2h, got 0"),
        ("limits: {silent: 1.5}", "o.yaml:1: limits.silent: expected a duration such as 90s, 10m or 2h, got 1.5"),
        ("limits: {silent: true}", "o.yaml:1: limits.silent: expected a duration such as 90s, 10m or 2h, got true"),
        ("workers: {max: 101}", "o.yaml:1: workers.max: expected a whole number of at most 100, got 101"),
        ("workers: 5", "o.yaml:1: workers: expected a mapping (key: value), got 5"),
        ("- a", "o.yaml:1: expected a mapping (key: value), got a list"),
        ("workrs: {max: 1}", "o.yaml:1: workrs: unknown key; did you mean workers?"),
        ("'a b': 1", "o.yaml:1: a b: unknown key"),
        ("agents:\n  claude:\n    mdel: x", "o.yaml:3: agents.claude.mdel: unknown key; did you mean model?"),
        ("agents:\n  claude:\n    model: 3", "o.yaml:3: agents.claude.model: expected text or nothing, got 3"),
        ("agents: {clade: {}}", "o.yaml:1: agents.clade: expected one of claude, scripted"),
        ("agents: {claude: null}", "o.yaml:1: agents.claude: expected a mapping (key: value), got nothing"),
        (
            "agents: {claude: {permissions: yolo}}",
            "o.yaml:1: agents.claude.permissions: expected one of strict, standard,",
        ),
        ("agents: {claude: {env: [OK, 'A=B']}}", "o.yaml:1: agents.claude.env[1]: expected a variable's name"),
        ("agent: gemini", 'o.yaml:1: agent: expected one of claude, scripted, got "gemini"'),
        ("tracker: gitlab", 'o.yaml:1: tracker: expected one of github, local, got "gitlab"'),
        ("gates:\n- paths: [a]", "o.yaml:2: gates[0]: name is missing"),
        ("gates:\n- name: x", "o.yaml:2: gates[0]: a gate needs paths or commands to watch"),
        ("gates:\n- name: x\n  pths: [a]", "o.yaml:3: gates[0].pths: unknown key; did you mean paths?"),
        (
            "gates:\n- {name: x, paths: [a]}\n- {name: x, paths: [b]}",
            "o.yaml:3: gates[1].name: another gate above has this name",
        ),
        (
            "gates:\n- name: x\n  paths:\n  - ok\n  - '!no'",
            "o.yaml:5: gates[0].paths[1]: a path glob may not start with !",
        ),
        ("gates: [{name: x, commands: ['a?']}]", "o.yaml:1: gates[0].commands[0]: ? cannot be said to the agent"),
        ("gates: {a: b}", "o.yaml:1: gates: expected a list, got a mapping"),
        (
            f"gates: [{{name: {'x' * 61}, paths: [a]}}]",
            "o.yaml:1: gates[0].name: expected text of at most 60 characters",
        ),
        ("forbid: ['*']", "o.yaml:1: forbid[0]: this would match every command"),
        ("branch: issue", "o.yaml:1: branch: {id} is missing: every worker needs its own"),
        ("branch: '{id}-{title}'", "o.yaml:1: branch: only {id} and {repo} are filled in"),
        ("branch: 'a..{id}'", "o.yaml:1: branch: a branch name cannot hold .."),
        ("branch: '-{id}'", "o.yaml:1: branch: not a branch name"),
        ("base: 'a b'", "o.yaml:1: base: a branch name cannot hold a space"),
        ("worktree: ../same", "o.yaml:1: worktree: {id} is missing"),
        ("worktree: '../#(id){id}'", "o.yaml:1: worktree: expected a path of letters"),
        ("copy: .env", 'o.yaml:1: copy: expected a list, got text ".env"'),
        ("copy: [ok, ../up]", "o.yaml:1: copy[1]: expected a path inside the repository"),
        ("link: [/etc]", "o.yaml:1: link[0]: expected a path inside the repository"),
        ("verify: ''", "o.yaml:1: verify: expected text that is not empty, got empty text"),
        ("setup: [a]", "o.yaml:1: setup: expected text or nothing, got a list"),
        ("env: {ORCHESTRA_X: a}", "o.yaml:1: env.ORCHESTRA_X: orchestra sets this variable itself"),
        ("env: {PATH: a}", "o.yaml:1: env.PATH: orchestra sets this variable itself"),
        ("env: {GH_TOKEN: a}", "o.yaml:1: env.GH_TOKEN: orchestra sets this variable itself"),
        ("env: {'A-B': a}", "o.yaml:1: env.A-B: expected a variable's name"),
        ("env:\n  A: ok\n  B: '{slt}'", "o.yaml:3: env.B: {slt} is not known; known are slot, id, project, repo,"),
        ("env: {A: '{3000 +}'}", "o.yaml:1: env.A: {3000 +} is neither a name nor a sum; known are slot,"),
        ("env: {A: 'a } b'}", "o.yaml:1: env.A: a single }; write }} for the character itself"),
        ("env: {A: '{slot // 0}'}", "o.yaml:1: env.A: {slot // 0} divides by 0"),
        ("env: {A: '{__import__(1)}'}", "o.yaml:1: env.A: {__import__(1)} is not known"),
        ("env: {A: '{slot ** 99}'}", "o.yaml:1: env.A: {slot ** 99} is not known"),
        ("env: [A]", "o.yaml:1: env: expected a mapping"),
        ("address: 'localhost:{slot}'", "o.yaml:1: address: expected an address such as http"),
        ("notify: {bell: yes}", 'o.yaml:1: notify.bell: expected true or false, got text "yes"'),
        ("tmux: {socket: ../x}", 'o.yaml:1: tmux.socket: expected letters, digits, _ and -, got "../x"'),
        ("tmux: {key: F13}", 'o.yaml:1: tmux.key: expected a key such as O, C-s, M-g or F9, got "F13"'),
        ("tmux: {key: C-I}", 'o.yaml:1: tmux.key: expected a key such as O, C-s, M-g or F9, got "C-I"'),
        ("github: {api_url: 'file:///x'}", "o.yaml:1: github.api_url: expected a web address"),
        ("github: {api_url: 'https://u:p@h'}", "o.yaml:1: github.api_url: expected a web address"),
    ],
)
def test_a_refusal_names_file_line_and_key(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        load([("fine.yaml", "base: main"), ("o.yaml", text)])
    assert caught.value.message.startswith(sentence)


def test_the_file_that_is_wrong_is_named_not_the_one_that_wins() -> None:
    with pytest.raises(UsageError, match=r"^config\.yaml:1: limits\.ci"):
        load([("config.yaml", "limits: {ci: x}"), ("orchestra.yaml", "limits: {ci: 3}")])


@pytest.mark.parametrize(
    ("text", "seconds"), [("45", 45.0), ("90s", 90.0), ("10m", 600.0), ("2h", 7200.0), ("'30'", 30.0)]
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert load([("f", f"limits: {{stall: {text}}}")]).limits.stall == seconds


def test_nothing_changes_after_the_load() -> None:
    config = load([])
    with pytest.raises(AttributeError):
        config.base = "x"  # type: ignore[misc]


def test_templates_are_filled_in_one_pass() -> None:
    assert fill("../{repo}-issue-{id}", "{id}", "7") == "../{id}-issue-7"


_REFS = st.text("ab-/.@{~^:?*[\\ \x7f\té", max_size=8) | st.sampled_from(
    ["a.lock", "a.lock/b", "@", "HEAD", "x/@{y", "-"]
)


@given(_REFS)
def test_git_accepts_every_accepted_branch_name(name: str) -> None:
    git = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False)
    assert (ref_problem(name) == "") == (git.returncode == 0 and not name.startswith("-") and name != "@")


# --- the environment of a worker ---


NEEDED = (
    "PATH HOME USER SHELL LANG LC_ALL TERM SSH_AUTH_SOCK HTTPS_PROXY no_proxy https_proxy NO_PROXY "
    "SSL_CERT_FILE ANTHROPIC_API_KEY ANTHROPIC_BASE_URL CLAUDE_CONFIG_DIR CLAUDE_CODE_USE_BEDROCK "
    "CLAUDE_CODE_MAX_RETRIES DISABLE_TELEMETRY AWS_REGION GOOGLE_CLOUD_PROJECT CLOUD_ML_REGION "
    "CLAUDE_CODE_OAUTH_TOKEN CLAUDE_CODE_CLIENT_CERT CLAUDE_CODE_CLIENT_KEY CLAUDE_CODE_CLIENT_KEY_PASSPHRASE "
    "CLAUDE_CODE_API_KEY_HELPER_TTL_MS CLAUDE_CODE_SKIP_BEDROCK_AUTH NODE_EXTRA_CA_CERTS CURL_CA_BUNDLE "
    "REQUESTS_CA_BUNDLE GIT_SSL_CAINFO CLOUDSDK_CONFIG VERTEX_REGION_CLAUDE_3_5_SONNET AZURE_CLIENT_ID "
    "XDG_CONFIG_HOME XDG_DATA_HOME GNUPGHOME GIT_CONFIG_GLOBAL GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME "
    "MISE_DATA_DIR ASDF_DATA_DIR PYENV_ROOT RBENV_ROOT VOLTA_HOME NVM_DIR FNM_DIR CARGO_HOME JAVA_HOME"
)
HIDDEN = (
    "CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR CLAUDE_CODE_SKIP_PROMPT_HISTORY "
    "CLAUDECODE CLAUDE_CODE_ENTRYPOINT CLAUDE_CODE_SSE_PORT TMUX TMUX_PANE TMUX_TMPDIR GH_TOKEN GITHUB_TOKEN "
    "XDG_RUNTIME_DIR XDG_SESSION_ID GIT_SSH_COMMAND PYTHONPATH LD_PRELOAD ORCHESTRA_WORKER GIT_DIR GIT_INDEX_FILE GIT_AUTHOR_DATE "
    "MISE_GITHUB_TOKEN NPM_TOKEN path"
)


def test_a_worker_gets_what_it_needs_and_no_secret() -> None:
    given = dict.fromkeys(NEEDED.split(), "x")
    hidden = dict.fromkeys(HIDDEN.split(), "secret")
    assert environment_allowed((), {**given, **hidden}) == given


@pytest.mark.parametrize(
    ("patterns", "name", "allowed"),
    [
        (("NPM_TOKEN",), "NPM_TOKEN", True),
        (("MY_*",), "MY_DB", True),
        (("*",), "ANYTHING", True),
        (("*",), "GH_TOKEN", False),
        (("GH_TOKEN",), "GH_TOKEN", True),
        (("*", "CLAUDECODE"), "CLAUDECODE", False),
        (("TMUX",), "TMUX", False),
        (("ORCHESTRA_*",), "ORCHESTRA_HOME", False),
        (("my_*",), "MY_DB", False),
        (("*",), "DIRENV_DIFF", False),
        (("*",), "__MISE_DIFF", False),
    ],
)
def test_what_the_config_adds_to_the_environment(patterns: tuple[str, ...], name: str, allowed: bool) -> None:
    assert (name in environment_allowed(patterns, {name: "x"})) is allowed


def test_a_repository_starts_nothing_by_itself() -> None:
    rule = "base: main\nauto: [{project: acme/widgets, label: ready}]"
    config = load([("config.yaml", rule), ("orchestra.yaml", "base: dev")], repository="orchestra.yaml")
    assert [(one.project, one.label, one.max, one.per_day) for one in config.auto] == [("acme/widgets", "ready", 1, 5)]
    for text in (rule, "base: main\nauto: []"):
        with pytest.raises(
            UsageError, match=r"orchestra\.yaml:2: auto: only your own ~/\.config/orchestra/config\.yaml"
        ):
            load([("config.yaml", ""), ("orchestra.yaml", text)], repository="orchestra.yaml")


def test_every_key_the_config_knows_is_in_the_whole_example() -> None:
    assert set(re.findall(r"^(\w+):", WHOLE, re.MULTILINE)) == set(Config._fields)


def keys_of(kind: type, above: str = "") -> list[str]:
    """Every key of the config as docs/configuration.md writes it: `limits.ci`, `gates[].name`."""
    found: list[str] = []
    for name in kind._fields:  # type: ignore[attr-defined]
        nested = {
            "agents": (Agent, "agents.<name>."),
            "auto": (AutoRule, "auto[]."),
            "gates": (GateConfig, "gates[]."),
        }.get(name)
        default = kind._field_defaults.get(name)  # type: ignore[attr-defined]
        if nested is None and hasattr(default, "_fields"):
            nested = (type(default), f"{above}{name}.")
        found += keys_of(*nested) if nested else [above + name]
    return found


def test_the_reference_has_a_row_for_every_key() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    rows = re.findall(r"^\| `([a-zA-Z_.\[\]<>]+)` \|", page, re.MULTILINE)
    assert [key for key in keys_of(Config) if key not in rows] == []
