"""What is said when git itself cannot run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestra.errors import OrchestraError
from orchestra.git.process import GitResult, check_version

pytestmark = pytest.mark.fast


def test_a_config_that_git_cannot_read_is_not_an_old_git(home: Path) -> None:
    check_version(os.environ)
    (home / ".gitconfig").write_text("[broken\n")
    with pytest.raises(OrchestraError, match=r"git does not run: .*bad config line 1"):
        check_version(os.environ)


REASONS = {
    "fatal: no such ref\n": "no such ref",
    "Preparing worktree\nerror: one\nfatal: two\n": "two",
    "git-lfs: not found\nerror: external filter 'x' failed 127\nfatal: a.bin: smudge filter lfs failed\n": (
        "a.bin: smudge filter lfs failed; git-lfs: not found"
    ),
    "Error downloading object: a.bin: 404\n\nErrors logged to /x\nSee `git lfs logs last`\n"
    "error: external filter 'y' failed\nfatal: a.bin: smudge filter lfs failed\n": (
        "a.bin: smudge filter lfs failed; Error downloading object: a.bin: 404; Errors logged to /x; "
        "See `git lfs logs last`"
    ),
    "error: external filter 'z' failed\nfatal: a: clean filter 'crypt' failed\n": "a: clean filter 'crypt' failed",
    "git-lfs filter-process: 1: git-lfs: not found\nfatal: the remote end hung up unexpectedly\n": (
        "the remote end hung up unexpectedly; git-lfs filter-process: 1: git-lfs: not found"
    ),
    "error: unable to write file f19\nerror: unable to write file f2\n"
    "fatal: Could not reset index file to revision 'HEAD'.\n": (
        "unable to write file f19; Could not reset index file to revision 'HEAD'."
    ),
    "": "status 1",
}


@pytest.mark.parametrize("said", REASONS)
def test_the_reason_has_the_words_of_the_filter_that_failed(said: str) -> None:
    assert GitResult(1, "", said).reason() == REASONS[said]
