"""`orchestra init`: set up this repository, in three questions at most, and say what was written and why."""

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

Ask = Callable[[str, str], str]  # a question and its default -> the user's answer


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
    """Write orchestra.yaml, and .orchestra/issues where there is no GitHub; nothing that exists is changed."""
    return (*_config(project, ask), *_first_issue(project, ask), *_next(project.repository))


def _config(project: Project, ask: Ask) -> Iterator[str]:
    path = os.path.join(project.root, CONFIG)
    if os.path.lexists(path):
        yield f"{CONFIG} exists; left as it is"
        return
    rules = (_tracker(project), _base(project, ask), _verify(project.root, ask))
    lines = ["# Rules for orchestra's workers in this repository. All keys: docs/configuration.md of orchestra."]
    text = "\n".join([*lines, *(rule.line for rule in rules)]) + MORE
    schema.load([(CONFIG, text)])  # what was answered holds, or nothing is written
    write_atomic(path, text, mode=0o644)
    yield f"wrote {CONFIG}; commit it, so that everybody has the same rules:"
    wide = max(len(rule.line) for rule in rules)
    yield from (f"  {clean(rule.line, 80):<{min(wide, 80)}}  {rule.why}" for rule in rules)


def _tracker(project: Project) -> Rule:
    if project.on_github:
        return Rule("tracker", "github", f"issues and pull requests of {project.title}")
    why = f"issues are Markdown files in {ISSUES}: {_no_github(project)}"
    return Rule("tracker", "local", why)


def _no_github(project: Project) -> str:
    """Why no remote is used: a remote that is there is never passed over without a word."""
    where, names = project.where(), [one.name for one in project.repository.remote_settings().remotes]
    if where.base is not None:
        host = clean(where.base.host, 80)
        return f"{host} is not known as a GitHub (if it is one: gh auth login -h {host}, or tracker: github)"
    if names:
        return f"no GitHub repository is at {clean(', '.join(names), 80)}"
    return "there is no GitHub remote"


def _base(project: Project, ask: Ask) -> Rule:
    repository = project.repository
    found, why = repository.usual_base()
    answer = ask("Which branch does work start from and go back to?", found or "main")
    if answer != found:
        why = "as you said" if repository.branch_tip(answer) is not None else "there is no such branch yet"
    return Rule("base", answer, why)


def _verify(root: str, ask: Ask) -> Rule:
    command, source = test_command.find_test_command(root)
    answer = ask("Which command shows that the work is right (- for none)?", command or "-")
    if answer in ("-", ""):
        return Rule("verify", "", "none yet: workers run the tests as your documentation says")
    why = "`ship` runs it: done is judged by it"
    return Rule("verify", answer, f"{why} (from {source})" if answer == command else why)


def _first_issue(project: Project, ask: Ask) -> Iterator[str]:
    place = os.path.join(project.root, ISSUES)
    if (project.config.tracker or _tracker(project).value) != "local" or os.path.isdir(place):
        return
    if ask(f"Make {ISSUES} with a first issue to fill in (y/n)?", "y").lower().startswith("y"):
        os.makedirs(place)
        write_atomic(os.path.join(place, "0001-first.md"), FIRST_ISSUE, mode=0o644)
        yield f"wrote {ISSUES}/0001-first.md: say in it what should be done, then orchestra spawn 1"


def _next(repository: Repository) -> Iterator[str]:
    if repository.commit("HEAD") is None:
        yield "first: a commit, which work can begin from: git add . && git commit"
    yield "next: orchestra up"
