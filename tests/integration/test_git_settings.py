"""All of git's settings in one question: the same answers as key by key."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestra.git.worktrees import Repository

Git = Callable[..., str]
TRUE = {"true": True, "YES": True, "on": True, "1": True, "-1": True, "1k": True, "0": False, "off": False, "": False}


@pytest.mark.parametrize("value", TRUE)
def test_truth_is_as_in_git(value: str, repo: Path, git: Git) -> None:
    git("-C", repo, "config", "commit.gpgsign", value)
    assert git("-C", repo, "config", "--type=bool", "--get", "commit.gpgsign").strip() == str(TRUE[value]).lower()
    assert Repository(repo, os.environ).settings().is_true("commit.gpgsign") is TRUE[value]


def test_a_key_without_a_value_is_true_and_one_that_is_not_there_is_not(repo: Path) -> None:
    with (repo / ".git" / "config").open("a") as file:
        file.write("[commit]\n\tgpgsign\n")
    settings = Repository(repo, os.environ).settings()
    assert settings.is_true("commit.gpgsign")
    assert not settings.is_true("tag.gpgsign")
    assert settings.last("commit.gpgsign") == settings.last("tag.gpgsign") == ""


def test_the_last_value_counts_and_subsections_keep_their_letters(repo: Path, git: Git) -> None:
    for value in ("one", "two\nlines = 2"):
        git("-C", repo, "config", "--add", "filter.My.Big.process", value)
    git("-C", repo, "config", "core.hooksPath", ".husky")
    settings = Repository(repo, os.environ).settings()
    assert dict(settings.of("filter", "process"))["My.Big"] == "two\nlines = 2"
    assert settings.last("core.hookspath") == ".husky"
