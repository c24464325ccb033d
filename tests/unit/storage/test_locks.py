"""Lock files: who may take one."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from orchestra.errors import OrchestraError
from orchestra.git import cleanup
from orchestra.git.repository import RepositoryFacts
from orchestra.storage.files import is_held, locked

pytestmark = pytest.mark.fast


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("directory", "lock"), [(0o755, 0o600), (0o700, 0o600), (0o2775, 0o660), (0o770, 0o660), (0o777, 0o666)]
)
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_who_may_write_a_repository_may_take_its_lock(directory: int, lock: int, umask: int, tmp_path: Path) -> None:
    common = tmp_path / "common"
    common.mkdir()
    common.chmod(directory)
    repository = RepositoryFacts(tmp_path, {}, common)
    before = os.umask(umask)
    try:
        with repository.locked():
            pass
        assert mode(common / "orchestra.lock") == lock
    finally:
        os.umask(before)


def test_a_lock_of_an_earlier_version_is_opened_to_the_group_and_others_stay_private(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(str(path)):
        assert mode(path) == 0o600
    with locked(str(path), mode=0o660):
        assert mode(path) == 0o660


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_worktree_of_another_account_is_told_from_an_own_one(tmp_path: Path) -> None:
    assert cleanup.other_account(str(tmp_path)) == ""
    assert cleanup.other_account(str(tmp_path / "missing")) == ""
    os.chown(tmp_path, 54321, -1)
    assert cleanup.other_account(str(tmp_path)) == "54321"


def test_a_file_system_without_locks_is_said(tmp_path: Path, mocker: MockerFixture) -> None:
    """Some network file systems have none: nothing may run unguarded there."""
    path = str(tmp_path / "lock")
    mocker.patch("fcntl.flock", side_effect=OSError(errno.ENOLCK, "No locks available"))
    with pytest.raises(OrchestraError, match="cannot be locked: No locks available") as wrong, locked(path, wait=0):
        pass
    assert "local disk" in wrong.value.hint
    assert not is_held(path)
