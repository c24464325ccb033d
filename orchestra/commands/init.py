"""`orchestra init`: set up this repository."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra.files import write_atomic

if TYPE_CHECKING:
    from orchestra.app import Orchestra

CONFIG = "orchestra.yaml"
VERIFIERS = (
    ("Makefile", "\ntest:", "make test"),
    ("package.json", '"test"', "npm test"),
    ("Cargo.toml", "", "cargo test"),
    ("go.mod", "", "go test ./..."),
    ("tox.ini", "", "tox"),
    ("pyproject.toml", "pytest", "python -m pytest"),
)
FIRST_ISSUE = """---
title: Say what should be done, in one line
state: open
labels: []
---
What should be different when this is done, and how one can see it.
"""


def init(orchestra: Orchestra, confirm: Callable[[str], bool]) -> tuple[str, ...]:
    """Write orchestra.yaml, and .orchestra/issues where there is no GitHub; nothing that exists is changed."""
    said = []
    tracker = _tracker(orchestra)
    path = os.path.join(orchestra.root, CONFIG)
    if os.path.lexists(path):
        said.append(f"{CONFIG} exists; left as it is")
    elif confirm(f"Write {CONFIG} (tracker: {tracker})?"):
        write_atomic(path, _text(orchestra, tracker), mode=0o644)
        said.append(f"wrote {CONFIG} (tracker: {tracker}); commit it so that everybody has the same rules")
    issues = os.path.join(orchestra.root, ".orchestra", "issues")
    if tracker == "local" and not os.path.isdir(issues) and confirm("Make .orchestra/issues with a first issue?"):
        os.makedirs(issues)
        write_atomic(os.path.join(issues, "0001-first.md"), FIRST_ISSUE, mode=0o644)
        said.append("wrote .orchestra/issues/0001-first.md: edit it, then orchestra spawn 1")
    said.append("next: orchestra up")
    return tuple(said)


def _tracker(orchestra: Orchestra) -> str:
    return "github" if orchestra.on_github else "local"


def _text(orchestra: Orchestra, tracker: str) -> str:
    verify = _verifier(orchestra.root)
    lines = (
        "# Rules for orchestra's workers in this repository. All keys: docs/configuration.md of orchestra.",
        f"tracker: {tracker}",
        f"base: {orchestra.repository.branch_of(orchestra.root) or 'main'}",
        f"verify: {verify}" if verify else "# verify: make test      # what `ship` runs: done is judged by it",
        "# setup: make deps       # run once in each new worktree",
        "# copy: [.env]           # ignored files a worktree needs",
        "# gates:                 # where a person must decide",
        '#   - {name: auth, paths: ["**/auth/**"], why: "Security decisions need a person"}',
    )
    return "\n".join(lines) + "\n"


def _verifier(root: str) -> str | None:
    """The test command that the repository's own files name."""
    for name, word, command in VERIFIERS:
        try:
            with open(os.path.join(root, name), encoding="utf-8", errors="replace") as file:
                if word in "\n" + file.read(65536):
                    return command
        except OSError:
            continue
    return None
