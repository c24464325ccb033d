"""A project is recognised by the id in its git directory: remotes, moves and clones neither lose nor mix workers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.person import HANG, Person, configure, write_issue
from support.polling import eventually

from orchestra.git.worktrees import Repository
from orchestra.project.identity import NAME, claim, identity_of
from orchestra.storage import project_info
from orchestra.storage.project_info import ProjectInfo

pytestmark = pytest.mark.journey
Git = Callable[..., str]
URL = "https://github.com/acme/{}.git"


@pytest.fixture
def local(repo: Path, git: Git) -> Person:
    settings = ("agent: scripted", "tracker: local", "layout: still", "agents: {scripted: {}}")
    configure(repo, *settings)
    (repo / ".orchestra" / "layouts").mkdir(parents=True)
    (repo / ".orchestra" / "layouts" / "still.yaml").write_text("windows:\n  - window_name: w\n    role: workers\n")
    for number in (1, 2, 3):
        write_issue(repo, number, f"Issue {number}", HANG)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    person = Person(repo)
    person.runs("up", "-d")
    person.runs("spawn", "1")
    person.sees("1", "working")
    return person


def numbers(person: Person) -> list[str]:
    return [one["id"] for one in person.asks("list")["workers"]]


def alive(person: Person) -> bool:
    return all(one["pane"] and not one["pane"]["dead"] for one in person.asks("list")["workers"])


def invariants(person: Person) -> list[str]:
    found = person.asks("doctor", code=None)["findings"]
    return [f"{one['id']}: {one['what']}" for one in found if one["id"][0] == "I" and one["id"] != "I11"]


# --- remotes ---

REMOTES: dict[str, list[list[str]]] = {
    "the first remote": [["remote", "add", "origin", URL.format("widgets")]],
    "another owner": [["remote", "add", "origin", URL.format("a")], ["remote", "set-url", "origin", "git@github.com:me/b"]],
    "another host": [["remote", "add", "origin", URL.format("a")], ["remote", "set-url", "origin", "https://ghe.example/x/y"]],
    "a second remote": [["remote", "add", "mine", URL.format("a")], ["remote", "add", "theirs", URL.format("b")]],
    "a remote that is renamed": [["remote", "add", "origin", URL.format("a")], ["remote", "rename", "origin", "upstream"]],
    "a remote that is removed": [["remote", "add", "origin", URL.format("a")], ["remote", "remove", "origin"]],
    "a remote that is a path": [["remote", "add", "origin", "../elsewhere"]],
}  # fmt: skip


@pytest.mark.timeout(240)
def test_remotes_come_and_go_and_the_workers_stay(local: Person, git: Git) -> None:
    project = local.asks("list")["project"]
    for name, commands in REMOTES.items():
        for command in commands:
            git("-C", local.where, *command)
            seen = local.asks("list")
            assert (seen["project"], [one["id"] for one in seen["workers"]]) == (project, ["1"]), name
            assert alive(local), name
        for remote in git("-C", local.where, "remote").split():
            git("-C", local.where, "remote", "remove", remote)
    local.runs("doctor", "--accept-git", code=None)
    assert invariants(local) == []
    local.runs("spawn", "2")
    assert sorted(numbers(local)) == ["1", "2"]


# --- places ---


def moved_alone(repo: Path) -> Path:
    return repo.rename(repo.with_name("gadgets"))


def moved_with_its_worktrees(repo: Path) -> Path:
    there = repo.parent / "elsewhere"
    there.mkdir()
    for path in (repo, *repo.parent.glob("widgets-issue-*")):
        path.rename(there / path.name)
    return there / repo.name


def moved_by_its_parent(repo: Path) -> Path:
    """As a home directory that is renamed; the test's own is not below it."""
    there = repo.parent.with_name(f"{repo.parent.name}-renamed")
    there.mkdir()
    for path in (repo, *repo.parent.glob("widgets-issue-*")):
        path.rename(there / path.name)
    return there / repo.name


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize("move", [moved_alone, moved_with_its_worktrees, moved_by_its_parent])
def test_up_in_a_repository_that_moved_brings_its_workers_along(
    local: Person, git: Git, move: Callable[[Path], Path], remote: bool
) -> None:
    if remote:
        git("-C", local.where, "remote", "add", "origin", URL.format("widgets"))
        local.runs("doctor", "--accept-git", code=None)
    tree = Path(local.asks("show", "1")["worktreePath"])
    (tree / "new.txt").write_text("not committed")
    there = local.at(move(local.where))
    assert numbers(there) == ["1"]
    assert "this repository was at" in there.runs("list").out
    assert "I12" in "\n".join(invariants(there))
    for refused in (["spawn", "2"], ["restart", "1"]):
        assert "orchestra up" in there.runs(*refused, code=1).err, refused
    there.runs("up", "-d")
    eventually(lambda: alive(there), why="the worker to be back")
    tree = Path(there.asks("show", "1")["worktreePath"])
    assert (tree / "new.txt").read_text() == "not committed"
    assert git("-C", tree, "status", "--porcelain") == "?? new.txt"
    assert invariants(there) == []
    there.runs("spawn", "2")
    assert sorted(numbers(there)) == ["1", "2"]


def test_a_copy_is_another_project_and_leaves_the_first_alone(local: Person, git: Git) -> None:
    copy = local.at(Path(shutil.copytree(local.where, local.where.with_name("copy"), symlinks=True)))
    assert numbers(copy) == []
    assert "not on record" not in copy.runs("list").out
    copy.runs("up", "-d")
    copy.runs("spawn", "2")
    assert len({local.asks("list")["project"], copy.asks("list")["project"]}) == 2
    assert (numbers(local), numbers(copy)) == (["1"], ["2"])
    assert alive(local)
    assert alive(copy)
    assert invariants(local) == []
    tree = Path(local.asks("show", "1")["worktreePath"])
    assert git("-C", tree, "rev-parse", "--git-common-dir") == str(local.where / ".git")


def test_two_clones_of_one_remote_do_not_mix(github_repo: Path, git: Git, tmp_path: Path) -> None:
    bare = tmp_path / "widgets.git"
    configure(github_repo, "agent: scripted", "tracker: local", "worktree: '../{repo}-{id}'")
    write_issue(github_repo, 1, "Hang", HANG)
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    second = tmp_path / "second" / "widgets"
    git("clone", "-q", bare, second)
    git("-C", second, "remote", "set-url", "origin", URL.format("widgets"))
    first, other = Person(github_repo), Person(second)
    first.runs("up", "-d")
    first.runs("spawn", "1")
    assert numbers(other) == []
    other.runs("up", "-d")
    other.runs("spawn", "1")
    assert first.asks("list")["project"] == "acme-widgets"
    for person in (first, other, first):
        person.runs("down")
        person.runs("up", "-d")
        eventually(lambda person=person: alive(person), why="both to be back")  # type: ignore[misc]
        assert invariants(person) == []
    trees = {Path(person.asks("show", "1")["worktreePath"]) for person in (first, other)}
    assert len(trees) == 2


# --- what an earlier version kept, without an id ---


@pytest.mark.parametrize("move", [None, moved_alone])
@pytest.mark.parametrize("remote", ["", URL.format("widgets")])
def test_what_was_kept_without_an_id_is_found(
    local: Person, git: Git, home: Path, remote: str, move: Callable[[Path], Path] | None
) -> None:
    project = local.asks("list")["project"]
    (local.where / ".git" / NAME).unlink()
    if remote:  # and the name that the project would get now is another one
        git("-C", local.where, "remote", "add", "origin", remote)
    there = local.at(move(local.where)) if move else local
    assert there.asks("list")["project"] == project
    assert numbers(there) == ["1"]
    there.runs("up", "-d")
    eventually(lambda: alive(there), why="the worker to be back")
    assert (there.where / ".git" / NAME).read_text() == f"{project}\n"
    assert invariants(there) == []


def test_workers_that_are_on_no_record_are_not_passed_over(local: Person, home: Path) -> None:
    local.runs("down")
    shutil.rmtree(home / ".orchestration" / "sessions")
    said = local.runs("list").out
    assert "1 worktree of workers that are not on record: #1 in " in said


# --- the rule itself ---


def known(home: Path, key: str, place: Path) -> None:
    info = ProjectInfo(str(place), "orchestra", "", 600.0, "", "", str(place / ".git"))
    project_info.write(str(home / "cache" / key), info)


@pytest.mark.fast
def test_an_id_is_written_once(repo: Path, home: Path) -> None:
    repository = Repository(repo, os.environ)
    first = identity_of(repository, str(home))
    assert not first.written
    claim(repository, str(home), first.key)
    assert identity_of(repository, str(home)) == first._replace(written=True)
    assert not (repo / ".git" / NAME).stat().st_mode & 0o022
    claim(repository, str(home), first.key)


@pytest.mark.fast
@pytest.mark.parametrize("text", ["", "../x", "a/b", "x" * 200, "\0", "a b", "#(x)"])
def test_what_is_not_an_id_is_not_taken_for_one(repo: Path, home: Path, text: str) -> None:
    (repo / ".git" / NAME).write_text(text)
    found = identity_of(Repository(repo, os.environ), str(home))
    assert not found.written
    assert found.key.startswith("widgets-")


@pytest.mark.fast
def test_a_place_tells_a_move_from_a_copy(repo: Path, home: Path, tmp_path: Path) -> None:
    (repo / ".git" / NAME).write_text("acme-widgets\n")
    other = tmp_path / "other"
    known(home, "acme-widgets", other)
    repository = Repository(repo, os.environ)
    assert identity_of(repository, str(home)).moved_from == str(other / ".git")
    (other / ".git").mkdir(parents=True)  # something else is there now
    assert identity_of(repository, str(home)).moved_from == str(other / ".git")
    (other / ".git" / NAME).write_text("acme-widgets\n")
    copy = identity_of(repository, str(home))
    assert (copy.written, copy.moved_from) == (False, "")
    assert copy.key != "acme-widgets"


@pytest.mark.fast
def test_a_link_left_where_the_repository_was_is_not_a_copy(repo: Path, home: Path, tmp_path: Path) -> None:
    (repo / ".git" / NAME).write_text("acme-widgets\n")
    other = tmp_path / "other"
    known(home, "acme-widgets", other)
    other.symlink_to(repo)
    found = identity_of(Repository(repo, os.environ), str(home))
    assert (found.key, found.written, found.moved_from) == ("acme-widgets", True, str(other / ".git"))
