"""Whether an agent could commit: identity, signing key and hooks, asked of real git, ssh-keygen and files."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from orchestra.errors import Unreachable
from orchestra.git import commit_check
from orchestra.git.worktrees import Repository

Git = Callable[..., str]
T = TypeVar("T")
NO_KEYGEN = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen")


def asked(check: Callable[..., T], repository: Repository, **more: float) -> T:
    return check(repository, repository.settings(), **more)


def test_an_identity_that_is_there(repo: Path) -> None:
    assert asked(commit_check.identity, Repository(repo, os.environ)) is None


def test_an_identity_that_is_missing_is_quoted(repo: Path, home: Path) -> None:
    (home / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    found = asked(commit_check.identity, Repository(repo, os.environ))
    assert found is not None
    assert "git does not know who commits: " in found.what
    assert "user.useConfigOnly" in found.what or "no email was given" in found.what
    assert "git config --global user.email" in found.hint


def test_an_identity_of_the_environment_counts(repo: Path, home: Path) -> None:
    (home / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    given = {f"GIT_{who}_{what}": "x@y.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    assert asked(commit_check.identity, Repository(repo, {**os.environ, **given})) is None


@pytest.mark.parametrize(
    ("name", "known"), [("a", True), ("Zoë", True), ("渡辺", True), ("...", False), ("<>", False), ("", False)]
)
def test_names_are_judged_as_by_git(name: str, known: bool, repo: Path, git: Git) -> None:
    git("-C", repo, "config", "user.name", name)
    git("-C", repo, "config", "user.email", "a@b.example")
    assert (asked(commit_check.identity, Repository(repo, os.environ)) is None) == known


def key(path: Path, phrase: str) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", phrase, "-f", str(path)], check=True)
    return path


def sign(git: Git, repo: Path, key: Path) -> None:
    for name, value in (("commit.gpgsign", "true"), ("gpg.format", "ssh"), ("user.signingkey", str(key))):
        git("-C", repo, "config", name, value)


@NO_KEYGEN
def test_a_key_that_signs(repo: Path, git: Git, tmp_path: Path) -> None:
    sign(git, repo, key(tmp_path / "key", ""))
    assert asked(commit_check.signing, Repository(repo, os.environ)) is None


@NO_KEYGEN
def test_a_key_that_asks_for_its_pass_phrase(repo: Path, git: Git, tmp_path: Path) -> None:
    sign(git, repo, key(tmp_path / "key", "secret"))
    found = asked(commit_check.signing, Repository(repo, os.environ))
    assert found is not None
    assert "git cannot sign a commit: " in found.what
    assert "ssh-add" in found.hint


@NO_KEYGEN
def test_a_key_that_is_not_there(repo: Path, git: Git, tmp_path: Path) -> None:
    sign(git, repo, tmp_path / "gone")
    found = asked(commit_check.signing, Repository(repo, os.environ))
    assert found is not None
    assert "gone" in found.what


def test_a_program_that_waits_is_not_known(repo: Path, git: Git, tmp_path: Path) -> None:
    program = tmp_path / "waits"
    program.write_text("#!/bin/sh\nsleep 60\n")
    program.chmod(0o755)
    git("-C", repo, "config", "commit.gpgsign", "true")
    git("-C", repo, "config", "gpg.program", str(program))
    with pytest.raises(Unreachable):
        asked(commit_check.signing, Repository(repo, os.environ), timeout=0.5)


def test_without_signing_nothing_is_signed(repo: Path, git: Git) -> None:
    git("-C", repo, "config", "gpg.program", "/nowhere")
    assert asked(commit_check.signing, Repository(repo, os.environ)) is None


HOOKS: dict[str, tuple[str, int, str]] = {
    "runs": ("#!/bin/sh\nexit 1\n", 0o755, ""),
    "is not executable": ("#!/bin/sh\n", 0o644, "the hook pre-push cannot run: it is not executable"),
    "its program is missing": ("#!/usr/bin/env nodejs-of-nobody\n", 0o755, "nodejs-of-nobody is not found on the PATH"),
    "its path is missing": ("#!/nowhere/python\n", 0o755, "/nowhere/python is not found on the PATH"),
    "env with options": ("#!/usr/bin/env -S A=b sh -e\n", 0o755, ""),
    "pre-commit is missing": (
        "#!/bin/sh\nINSTALL_PYTHON=/nowhere/python\nexec pre-commit\n", 0o755, "pre-commit is not found on the PATH"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOOKS)
def test_hooks_that_cannot_run(case: str, repo: Path, tmp_path: Path) -> None:
    text, mode, expected = HOOKS[case]
    hook = repo / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(text)
    hook.chmod(mode)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sh").symlink_to(shutil.which("sh") or "/bin/sh")
    (tmp_path / "bin" / "git").symlink_to(shutil.which("git") or "/usr/bin/git")
    said = list(asked(commit_check.hooks, Repository(repo, {**os.environ, "PATH": str(tmp_path / "bin")})))
    assert [expected in one for one in said] == ([True] if expected else [])


def test_hooks_of_husky_that_a_new_worktree_does_not_have(repo: Path, git: Git) -> None:
    (repo / ".husky" / "_").mkdir(parents=True)
    (repo / ".husky" / "_" / "pre-commit").write_text("#!/bin/sh\n")
    git("-C", repo, "config", "core.hooksPath", ".husky/_")
    (said,) = asked(commit_check.hooks, Repository(repo, os.environ))
    assert said == "core.hooksPath is .husky/_, which a new worktree does not have: make it in `setup`"
    git("-C", repo, "add", "-f", ".husky")
    assert all("new worktree" not in one for one in asked(commit_check.hooks, Repository(repo, os.environ)))


FILTERS: dict[str, tuple[dict[str, str], bool]] = {  # the keys of filter.big, and whether a worktree can be written
    "program is missing": ({"smudge": "git-of-nobody smudge -- %f", "required": "true"}, False),
    "path is missing": ({"smudge": "'/no where/program' %f", "required": "true"}, True),  # more than a plain word
    "process is missing": ({"process": "git-of-nobody", "smudge": "cat", "required": "yes"}, False),
    "process is there": ({"process": "sh", "smudge": "git-of-nobody", "required": "true"}, True),
    "not required": ({"smudge": "git-of-nobody smudge"}, True),
    "is there": ({"smudge": "cat", "required": "true"}, True),
    "git's own": ({"smudge": "git stripspace", "required": "true"}, True),
    "some shell": ({"smudge": "A=1 git-of-nobody", "required": "true"}, True),
}


@pytest.mark.parametrize("case", FILTERS)
def test_a_filter_without_its_program(case: str, repo: Path, git: Git) -> None:
    keys, can_write = FILTERS[case]
    for key, value in keys.items():
        git("-C", repo, "config", f"filter.big.{key}", value)
    assert asked(commit_check.filters, Repository(repo, os.environ)) is None, "no file needs it"
    (repo / ".gitattributes").write_text("*.bin filter=big\n")
    (repo / "a.bin").write_text("a")
    git("-C", repo, "-c", "filter.big.required=false", "-c", "filter.big.process=", "add", ".")
    found = asked(commit_check.filters, Repository(repo, os.environ))
    assert (found is None) == can_write
    if found:
        assert found.what == "a.bin needs the filter big, and its program git-of-nobody is not found"


def test_a_repository_that_cannot_be_written(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository(repo, os.environ)
    assert commit_check.writable(repository) is None
    objects = str(repo / ".git" / "objects")
    monkeypatch.setattr(os, "access", lambda path, _mode: str(path) != objects)  # root may write everywhere
    found = commit_check.writable(repository)
    assert found is not None
    assert found.what == f"{objects} cannot be written"
