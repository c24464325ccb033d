"""`orchestra init`: set up this repository, in three questions, and say what was written and why."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from orchestra.config import schema, test_command
from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.storage.files import write_atomic

if TYPE_CHECKING:
    from orchestra.git.worktrees import Repository
    from orchestra.project.context import Project

CONFIG = "orchestra.yaml"
ISSUES = os.path.join(".orchestra", "issues")
_PLAIN = regex(r"(?!(?:true|false|null|yes|no|on|off|y|n)$)[A-Za-z./][\w./ -]*", re.ASCII | re.IGNORECASE)
FIRST_ISSUE = """---
title: Say what should be done, in one line
state: open
labels: []
---
What should be different when this is done, and how one can see it.
"""
MORE = """
# setup: make deps       # run once in each new worktree
# copy: [.env]           # ignored files a worktree needs
# gates:                 # where the user must decide
#   - {name: auth, paths: ["**/auth/**"], why: "Security decisions need the user"}
"""

# A question, its default, and what is wrong with an answer (nothing: an empty text) -> the user's answer.
Ask = Callable[[str, str, Callable[[str], str]], str]


class Rule(Record):
    """A line of the config, and why it says this."""

    key: str
    value: str
    why: str

    @property
    def line(self) -> str:
        """`verify: make test`, quoted where YAML would read something else; without a value it is a comment."""
        value = self.value if _PLAIN.fullmatch(self.value) else json.dumps(self.value, ensure_ascii=False)
        return f"{self.key}: {value}" if self.value else f"# {self.key}: make test"


def init(project: Project, ask: Ask) -> tuple[str, ...]:
    """Write orchestra.yaml, and .orchestra/issues where there is no GitHub; nothing that exists is changed.

    Everything is asked before anything is written: who leaves at a question leaves nothing behind.
    """
    path = os.path.join(project.root, CONFIG)
    rules: tuple[Rule, ...] = ()
    if not os.path.lexists(path):
        rules = (_tracker(project, ask), _base(project.repository, ask), _verify(project.root, ask))
    tracker = rules[0].value if rules else project.config.tracker or _found_tracker(project)
    return (*_config(path, rules), *_first_issue(project.root, tracker), *_next(project.repository))


def _config(path: str, rules: tuple[Rule, ...]) -> Iterator[str]:
    if not rules:
        yield f"{CONFIG} exists; left as it is"
        return
    lines = ["# Rules for orchestra's workers in this repository. All keys: docs/configuration.md of orchestra."]
    text = "\n".join([*lines, *(rule.line for rule in rules)]) + MORE
    schema.load([(CONFIG, text)])  # what was answered holds, or nothing is written
    write_atomic(path, text, mode=0o644)
    yield f"wrote {CONFIG}; commit it, so that everybody has the same rules:"
    wide = max(len(rule.line) for rule in rules)
    yield from (f"  {clean(rule.line, 80):<{min(wide, 80)}}  {rule.why}" for rule in rules)


def _problem(key: str, value: str) -> str:
    """What the config would say of this value."""
    try:
        schema.load([(CONFIG, Rule(key, value, "").line)])
    except OrchestraError as wrong:
        return wrong.message.partition(f" {key}: ")[2] or wrong.message
    return ""


def _found_tracker(project: Project) -> str:
    return "github" if project.on_github else "local"


def _tracker(project: Project, ask: Ask) -> Rule:
    found = _found_tracker(project)
    answer = ask("Where are the issues (github or local)?", found, lambda typed: _problem("tracker", typed))
    if answer == "github":
        why = (
            f"issues and pull requests of {project.title}" if answer == found else f"as you said; {_no_github(project)}"
        )
        return Rule("tracker", answer, why)
    why = _no_github(project) if answer == found else "as you said"
    return Rule("tracker", answer, f"issues are Markdown files in {ISSUES}: {why}")


def _no_github(project: Project) -> str:
    """Why no remote is used: a remote that is there is never passed over without a word."""
    where, names = project.where(), [one.name for one in project.repository.remote_settings().remotes]
    if where.base is not None:
        host = clean(where.base.host, 80)
        return f"{host} is not known as a GitHub (if it is one: gh auth login -h {host}, or tracker: github)"
    if names:
        return f"no GitHub repository is at {clean(', '.join(names), 80)}"
    return "there is no GitHub remote"


def _base(repository: Repository, ask: Ask) -> Rule:
    def problem(typed: str) -> str:
        return _problem("base", typed) or _no_such(repository, typed)

    found, why = repository.usual_base()
    answer = ask("Which branch does work start from and go back to?", found or "main", problem)
    return Rule("base", answer, why if answer == found else "as you said")


def _no_such(repository: Repository, base: str) -> str:
    """Nothing where there is no commit yet, and so no branch either."""
    try:
        repository.resolve(base)
    except OrchestraError as wrong:
        return f"{wrong.message}; see: git branch --all" if repository.commit("HEAD") is not None else ""
    return ""


def _verify(root: str, ask: Ask) -> Rule:
    command, source = test_command.find_test_command(root)
    question = "Which command shows that the work is right (- for none)?"
    answer = ask(question, command or "-", lambda typed: _problem("verify", typed))
    if answer in ("-", ""):
        return Rule("verify", "", "none yet: workers run the tests as your documentation says")
    why = "`ship` runs it: done is judged by it"
    return Rule("verify", answer, f"{why} (from {source})" if answer == command else why)


def _first_issue(root: str, tracker: str) -> Iterator[str]:
    place = os.path.join(root, ISSUES)
    if tracker == "local" and not os.path.isdir(place):
        os.makedirs(place)
        write_atomic(os.path.join(place, "0001-first.md"), FIRST_ISSUE, mode=0o644)
        yield f"wrote {ISSUES}/0001-first.md: say in it what should be done, then orchestra spawn 1"


def _next(repository: Repository) -> Iterator[str]:
    if repository.commit("HEAD") is None:
        yield "first: a commit, which work can begin from: git add . && git commit"
    yield "next: orchestra up"
