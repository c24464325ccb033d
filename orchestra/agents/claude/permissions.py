"""Claude Code's permission rules for a worker: what runs unasked, what asks, what is refused in every mode.

Rules are guard rails for an agent in good faith, not a sandbox: a command put together at run time gets around any of
them. So nothing that must hold depends on them alone: the base branch is protected on the server, and the session files
are read as claims.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from orchestra.agents.base import Rules
from orchestra.core.gates import GateRule
from orchestra.core.models import AgentContext, AgentOptions
from orchestra.errors import UsageError

ORCHESTRATOR = "orchestrator"
BYPASS = "bypassPermissions"
MODES: Mapping[str, str] = {"strict": "default", "standard": "acceptEdits", "auto": "auto", "bypass": BYPASS}
_READERS = ("Read", "Grep", "Glob")

# `*` matches any text, also none, and a rule is tried on each part of `a && b; c | d`, past `env`, `timeout 5`,
# `command`, `X=1` and `sudo` (all seen with 2.1.197), but not past a path to the program, `sh -c`, `(` or `$(`.
_WRAPPED = ("{}", "*/{}", "*sh -c *{}")
_GIT = ("git", "git -*")  # `git -C dir push`, `git -c key=value push`
_MERGES = (
    "gh pr merge*",
    "gh -* pr merge*",
    "gh pr -* merge*",
    "gh api*/merge*",
    "gh api*ergePullRequest*",
    "orchestra merge*",
)
_AUTO_MERGES = ("gh api*PullRequestAutoMerge*", "gh api*nqueuePullRequest*")
_FORCED = ("--for*", "--mirror*", "-f", "-f *", "-uf*", "-fu*", "-qf*", "-vf*", "-nf*", "+*")
_TMUX = ("tmux kill-ser*", "tmux -* kill-ser*", "tmux*-L orchestra*", "tmux*-Lorchestra*", "tmux*-S*/orchestra*")


def mode(context: AgentContext, options: AgentOptions) -> str:
    """The permission mode to start in; the orchestrator never edits, so it asks like the user's own Claude."""
    if options.permissions not in MODES:
        known = ", ".join(MODES)
        raise UsageError(f"There is no permission profile {options.permissions!r}.", f"Use one of: {known}.")
    return "default" if context.worker == ORCHESTRATOR else MODES[options.permissions]


def permissions(context: AgentContext, options: AgentOptions) -> dict[str, list[str]]:
    """`permissions` of the settings file: allow, ask and deny, the gates' own rules (`options`) at the end."""
    if context.worker == ORCHESTRATOR:
        allow = [*_READERS, *_orchestra(context, "")]
    elif options.permissions == "strict":
        allow = [
            f"Read({_path(context.worktree)}/**)",
            f"Read({_path(context.directory)}/prompt.md)",
            *_orchestra(context, " worker"),
        ]
    else:
        # Edits are allowed by rule too: after a plan that was approved in the pane the program may ask for each edit.
        allow = [*_READERS, "WebFetch", "WebSearch", f"Edit({_path(context.worktree)}/**)"]
        # In `auto` the program's own classifier decides about commands; a rule for all of them would silence it.
        allow += _orchestra(context, " worker") if options.permissions == "auto" else ["Bash"]
    rules = {"allow": allow, "ask": options.ask, "deny": (*_forbidden(context), *options.deny)}
    return {kind: [_balanced(rule) for rule in listed] for kind, listed in rules.items()}


def rules_for(gates: Sequence[GateRule], forbid: Sequence[str]) -> Rules:
    """The gates and the config's forbidden commands as permission rules; `permissions` adds the built-in ones.

    `ask` raises a permission request in every mode, `bypass` included, and `deny` refuses inside `a && b` too. The
    config has checked every glob.
    """
    ask: list[str] = []
    for gate in gates:
        ask += [f"{tool}({_gate_path(glob)})" for glob in gate.paths for tool in ("Edit", "Write", "NotebookEdit")]
        ask += [f"Bash({glob})" for glob in gate.commands]
    return Rules(tuple(dict.fromkeys(ask)), tuple(dict.fromkeys(f"Bash({glob})" for glob in forbid)))


def _gate_path(glob: str) -> str:
    """A path glob for `Edit(...)`: gitignore syntax, relative to the worktree where the agent starts.

    A leading slash would mean "beside the settings file", so it goes; parentheses end the rule, so they become `?`.
    Both widen: the agent asks once more than the gate says, and ship decides by the gate itself.
    """
    return re.sub(r"[()]", "?", glob.lstrip("/"))


def _orchestra(context: AgentContext, verbs: str) -> Iterator[str]:
    for program in dict.fromkeys(("orchestra", shlex.join(context.orchestra_argv))):
        yield f"Bash({program}{verbs}:*)"


def _forbidden(context: AgentContext) -> Iterator[str]:
    """What no worker does: merge, push to the base, force, reach our tmux server, remove worktrees, edit our files."""
    base = context.base
    for wrapped in _WRAPPED:
        yield from (f"Bash({wrapped.format(rule)})" for rule in (*_MERGES, *_AUTO_MERGES))
        yield from (f"Bash({wrapped.format(git)} push* {forced})" for git in _GIT for forced in _FORCED)
    for refused in (
        "--all*",
        base,
        f"{base} *",
        f"*:{base}",
        f"*:{base} *",
        f"*refs/heads/{base}",
        f"'{base}*",
        f'"{base}*',
    ):
        yield from (f"Bash({git} push* {refused})" for git in _GIT)
    for verb in ("remove", "prune", "move", "unlock"):
        yield from (f"Bash({git} worktree {verb}*)" for git in _GIT)
    yield from (f"Bash({rule})" for rule in _TMUX)
    yield from ("EnterWorktree", "ExitWorktree")  # work done in another worktree would be on a branch nobody ships
    yield f"Edit({_path(context.home)}/**)"  # also of Write, and of `echo x > file`, `cp`, `rm` and `sed -i` in Bash
    yield f"Read({_path(context.home)}/token*)"


def _balanced(rule: str) -> str:
    """A rule without parentheses of its own: the program stops with a dialog at a rule whose parentheses do not match.

    In a path `?` matches one character, in a command `*` any text.
    """
    tool, opened, content = rule.partition("(")
    if not opened or not content.endswith(")"):
        return rule
    return f"{tool}({re.sub('[()]', '*' if tool == 'Bash' else '?', content[:-1])})"


def _path(absolute: str) -> str:
    """An absolute path as a rule writes it: `//home/...` (one slash would mean: from the settings' directory).

    `?` replaces what would be read as a pattern: a backslash before it does not help (seen).
    """
    return "/" + re.sub(r"[\\*\[\]!()]", "?", absolute.rstrip("/"))
