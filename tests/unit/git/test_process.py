"""What is said when git itself cannot run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestra.errors import OrchestraError
from orchestra.git.process import check_version

pytestmark = pytest.mark.fast


def test_a_config_that_git_cannot_read_is_not_an_old_git(home: Path) -> None:
    check_version(os.environ)
    (home / ".gitconfig").write_text("[broken\n")
    with pytest.raises(OrchestraError, match=r"git does not run: .*bad config line 1"):
        check_version(os.environ)
