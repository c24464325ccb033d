"""The look for conflicts between living workers: what is asked of git, what is kept, and who is told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_mock import MockerFixture
from support.stub_project import StubProject

from orchestra.core.models import Status
from orchestra.errors import OrchestraError
from orchestra.git.local_merge import Conflicted
from orchestra.monitor import conflicts
from orchestra.workers.radar import known

pytestmark = pytest.mark.fast


class Sky:
    """Workers with the files that they change; `merge` fails for the pairs that are in `conflicting`."""

    def __init__(self, directory: Path, mocker: MockerFixture) -> None:
        self.project: Any = StubProject(directory)
        self.files: dict[str, tuple[str, ...]] = {}
        self.conflicting: set[frozenset[str]] = set()
        self.asked: list[str] = []
        self.project.change_of = lambda worker: SimpleNamespace(paths=lambda: self.paths(worker.id))
        self.project.repository.branch_tips.side_effect = lambda: {f"issue-{n}": f"tip-issue-{n}" for n in self.files}
        self.project.repository.resolve.side_effect = lambda base: f"tip-{base}"
        self.merge = mocker.patch("orchestra.monitor.conflicts.local_merge.merged_tree", side_effect=self.merged)
        self.told: list[tuple[str, str]] = []
        mocker.patch("orchestra.monitor.conflicts.delivery.tell_once", side_effect=self.tell)

    def paths(self, number: str) -> tuple[str, ...]:
        self.asked.append(number)
        return self.files[number]

    def merged(self, repository: Any, one: str, other: str) -> str:
        if frozenset((one, other)) in self.conflicting:
            raise Conflicted(("a.py",))
        return "tree"

    def tell(self, project: Any, number: str, mark: str, text: str, *, among: frozenset[Status]) -> bool:
        if (number, mark) in self.told or project.worker(number).status not in among:
            return False
        self.told.append((number, mark))
        assert "conflict in a.py" in text
        assert " heads/issue-" in text
        return True

    def has(self, number: str, *files: str, status: Status = Status.WORKING) -> None:
        self.project.has(number, status)
        self.files[number] = files

    def look(self) -> list[str]:
        said: list[str] = []
        conflicts.look(self.project, said.append)
        return said


@pytest.fixture
def sky(tmp_path: Path, mocker: MockerFixture) -> Sky:
    return Sky(tmp_path, mocker)


def test_only_pairs_that_share_a_file_are_merged(sky: Sky) -> None:
    sky.has("1", "a.py")
    sky.has("2", "a.py", "b.py")
    sky.has("3", "c.py")
    assert sky.look() == []
    assert {frozenset(call.args[1:]) for call in sky.merge.call_args_list} == {
        frozenset({"tip-issue-1", "tip-issue-2"}),
        *(frozenset({f"tip-issue-{n}", "tip-main"}) for n in "123"),
    }
    assert [(one.first, one.second, one.conflict) for one in known(sky.project).meetings] == [("1", "2", False)]


def test_both_sides_of_a_conflict_are_told_once(sky: Sky) -> None:
    sky.conflicting.add(frozenset({"tip-issue-1", "tip-issue-2"}))
    sky.has("1", "a.py")
    sky.has("2", "a.py")
    (said,) = sky.look()
    assert said.endswith("#1 and #2 told")
    assert sky.look() == []
    assert sky.told == [("1", "radar:2"), ("2", "radar:1")]


def test_words_do_not_reopen_what_has_shipped(sky: Sky) -> None:
    sky.conflicting.add(frozenset({"tip-issue-1", "tip-issue-2"}))
    sky.has("1", "a.py", status=Status.COMPLETE)
    sky.has("2", "a.py")
    sky.look()
    assert sky.told == [("2", "radar:1")]


def test_a_conflict_with_the_base_is_kept_and_told_by_the_pull_request(sky: Sky) -> None:
    sky.conflicting.add(frozenset({"tip-issue-1", "tip-main"}))
    sky.has("1", "a.py")
    assert sky.look() == []
    assert [(one.first, one.second, one.conflict) for one in known(sky.project).meetings] == [("1", "main", True)]
    assert sky.told == []


def test_git_is_asked_again_only_about_workers_that_did_something(sky: Sky) -> None:
    sky.has("1", "a.py")
    sky.has("2", "a.py")
    sky.look()
    merges = sky.merge.call_count
    sky.look()
    assert (sky.asked, sky.merge.call_count) == (["1", "2"], merges)
    sky.has("2", "a.py")  # a new event in its journal
    sky.look()
    assert (sky.asked, sky.merge.call_count) == (["1", "2", "2"], merges)


def test_a_worktree_that_is_being_made_or_taken_away_counts_for_nothing(sky: Sky) -> None:
    sky.has("1", "a.py")
    sky.project.repository.ready.return_value = False
    assert sky.look() == []
    assert sky.asked == []
    sky.project.repository.ready.return_value = True
    sky.project.change_of = lambda worker: SimpleNamespace(paths=gone)
    assert sky.look() == []
    assert known(sky.project).meetings == ()


def gone() -> tuple[str, ...]:
    raise OrchestraError("the worktree is gone")


def test_a_git_that_cannot_merge_without_a_checkout_still_names_the_same_files(sky: Sky) -> None:
    sky.merge.side_effect = OrchestraError("git is too old")
    sky.project.repository.resolve.side_effect = OrchestraError("there is no branch main")
    sky.has("1", "a.py")
    sky.has("2", "a.py")
    assert sky.look() == []
    assert [(one.files, one.conflict) for one in known(sky.project).meetings] == [(("a.py",), False)]
