"""Every way that a shared `.git` has to make others run a program, each leaving a mark when it does."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

HOOKS = (
    "applypatch-msg", "commit-msg", "fsmonitor-watchman", "post-checkout", "post-commit", "post-index-change",
    "post-merge", "post-rewrite", "pre-auto-gc", "pre-commit", "pre-merge-commit", "pre-push", "pre-rebase",
    "prepare-commit-msg", "push-to-checkout", "reference-transaction", "sendemail-validate",
)  # fmt: skip
PROGRAMS = (
    "core.fsmonitor", "core.pager", "core.editor", "core.askPass", "core.sshCommand", "core.gitProxy",
    "core.alternateRefsCommand", "sequence.editor", "credential.helper", "credential.https://github.com.helper",
    "diff.external", "diff.x.command", "diff.x.textconv", "filter.x.clean", "filter.x.smudge", "filter.x.process",
    "filter.a=b.clean", "filter.a=b.smudge", "merge.x.driver", "merge.default.driver", "interactive.diffFilter",
    "gpg.program", "gpg.ssh.program", "gpg.x509.program", "gpg.ssh.defaultKeyCommand", "pager.diff", "pager.status",
    "pager.log", "pager.branch", "pager.worktree", "remote.origin.uploadpack", "remote.origin.receivepack",
    "uploadpack.packObjectsHook", "mergetool.x.cmd", "difftool.x.cmd", "browser.x.cmd", "man.x.cmd",
    "trailer.x.command", "trailer.x.cmd", "tar.x.command", "imap.tunnel",
)  # fmt: skip
SETTINGS = (
    ("log.showSignature", "true"), ("commit.gpgSign", "true"), ("tag.gpgSign", "true"), ("push.gpgSign", "if-asked"),
    ("protocol.allow", "always"), ("protocol.ext.allow", "always"), ("diff.tool", "x"), ("merge.tool", "x"),
    ("core.preloadIndex", "true"), ("gc.auto", "1"), ("submodule.recurse", "true"),
    ("fetch.recurseSubmodules", "true"), ("push.recurseSubmodules", "check"), ("status.submoduleSummary", "true"),
)  # fmt: skip
ALIASES = ("status", "diff", "fetch", "push", "worktree", "rev-parse", "orchestra")
ORIGIN = "https://github.com/acme/widgets.git"


class Traps(NamedTuple):
    """Where each trap leaves its mark: its name, and the command line of who ran it."""

    marks: Path

    def sprung(self) -> str:
        """What has run since the last look; empty when nothing has."""
        found = self.marks.read_text() if self.marks.exists() else ""
        self.marks.unlink(missing_ok=True)
        return found

    def names(self) -> set[str]:
        return {line.split("\t")[0] for line in self.sprung().splitlines()}


def lay(repo: Path, place: Path) -> Traps:
    """All of them at once, some behind an include; the worker that lays them has only files to write."""
    traps = Traps(place / "marks")
    place.mkdir()
    own: list[tuple[str, str]] = []
    included: list[tuple[str, str]] = []
    for number, key in enumerate(PROGRAMS):
        (own, included)[number % 2].append((key, str(_trap(place, key, traps))))
    own += [*SETTINGS, *((f"alias.{name}", f"!{_trap(place, f'alias.{name}', traps)}") for name in ALIASES)]
    own += [("core.hooksPath", str(place / "hooks")), ("includeIf.gitdir:/**.path", str(place / "more"))]
    (place / "hooks").mkdir()
    for directory in (repo / ".git" / "hooks", place / "hooks"):
        for name in HOOKS:
            _trap(directory, name, traps)
    (place / "more").write_text(_config(included))
    with (repo / ".git" / "config").open("a") as file:
        file.write(_config(own))
    (repo / ".git" / "info" / "attributes").write_text("* filter=x merge=x\n*.md diff=x\n*.eq filter=a=b diff=x\n")
    return traps


def lead(repo: Path, address: str) -> None:
    """Lead `origin` to another place than it says."""
    text = (repo / ".git" / "config").read_text().replace("insteadOf =", "noMore =")
    (repo / ".git" / "config").write_text(f'{text}[url "{address}"]\n\tinsteadOf = {ORIGIN}\n')


def _trap(place: Path, name: str, traps: Traps) -> Path:
    path = place / name.replace("/", "_")
    said = f"printf '%s\\t%s\\n' '{name}' \"$(tr '\\0' ' ' </proc/$PPID/cmdline)\" >>{traps.marks}"
    path.write_text(f"#!/bin/sh\n{said}\n" + ("cat\n" if name.startswith("filter.") else ""))
    path.chmod(0o755)
    return path


def _config(pairs: list[tuple[str, str]]) -> str:
    lines = []
    for key, value in pairs:
        section, _, rest = key.partition(".")
        middle, _, name = rest.rpartition(".")
        lines.append(f'[{section} "{middle}"]' if middle else f"[{section}]")
        lines.append(f'\t{name} = "{value}"')
    return "\n".join(lines) + "\n"


def git(*argv: str | Path) -> None:
    """What a user types, whatever comes of it."""
    subprocess.run(["git", *argv], capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=20)
