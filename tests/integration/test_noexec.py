"""A machine that starts no program in /tmp, or below the home of orchestra."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support import mounts

from orchestra.doctor import environment
from orchestra.errors import OrchestraError
from orchestra.git.hooks import as_typed
from orchestra.project import entry_points

Git = Callable[..., str]


def test_the_users_hook_stops_a_push_though_no_program_starts_in_tmp(
    github_repo: Path, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = github_repo / ".git"
    hook = common / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'not today' >&2\nexit 1\n")
    hook.chmod(0o755)
    git("-C", github_repo, "commit", "-q", "--allow-empty", "-m", "two")
    with mounts.tmpfs(tmp_path / "small", "noexec") as small:
        monkeypatch.setattr(tempfile, "tempdir", str(small))
        with as_typed(hook.parent, os.environ, common) as setting:
            argv = ["git", "-C", str(github_repo), "-c", setting, "push", "-q", "origin", "main"]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert "not today" in done.stderr
        assert done.returncode
        assert not [*small.iterdir(), *common.glob("orchestra-*")]
        with (
            pytest.raises(OrchestraError, match="pre-push cannot be run"),
            as_typed(hook.parent, os.environ, small),
        ):
            pass


def test_a_home_from_which_no_program_starts_is_said(tmp_path: Path) -> None:
    with mounts.tmpfs(tmp_path / "home", "noexec") as home:
        with pytest.raises(OrchestraError, match="mounted noexec"):
            entry_points.write_shims(str(home))
        with pytest.raises(OrchestraError, match="mounted noexec"):  # the file is there by now
            entry_points.write_shims(str(home))
        assert any("mounted noexec" in found.what for found in environment.home(str(home), fix=False))
    assert not any("mounted noexec" in found.what for found in environment.home(str(home), fix=False))
