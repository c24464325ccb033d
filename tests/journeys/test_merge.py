"""From a thought to a merged change by the command line: `new`, and `merge` without a forge and on GitHub."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.github_double import Double
from support.person import Person, configure, write_issue
from support.polling import eventually

from orchestra.commands import merge as command
from orchestra.errors import OrchestraError
from orchestra.ui.console import Console

pytestmark = pytest.mark.journey
Git = Callable[..., str]

TWO = '```script\nstatus working\nwrite {n}.txt "one"\ncommit "One of {n}"\nwrite {n}.txt "two"\ncommit "Two of {n}"\nship\n```\n'


@pytest.fixture
def local(repo: Path, git: Git) -> Person:
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 9}")
    for number in (1, 2, 3):
        write_issue(repo, number, f"Write {number}", TWO.format(n=number))
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    person = Person(repo)
    person.runs("up", "-d")
    return person


def shipped(person: Person, *numbers: str) -> None:
    person.runs("spawn", *numbers)
    for number in numbers:
        person.sees(number, "complete")


def trace(repo: Path, git: Git) -> tuple[str, ...]:
    """All that a refused merge may not change."""
    status = git("-C", repo, "status", "--porcelain", "--branch")
    return (status, git("-C", repo, "for-each-ref"), git("-C", repo, "stash", "list"), git("-C", repo, "reflog"))


def test_a_merge_names_its_method_closes_the_issue_and_leaves_a_clean_checkout(local: Person, git: Git) -> None:
    repo = local.where
    shipped(local, "1", "2", "3")
    said = local.runs("merge", "1").out
    assert said.splitlines()[0] == "#1: a fast-forward of main to issue-1 (2 commits)"
    assert "#1: closes issue #1" in said
    assert local.status("1") == "merged"
    assert "state: closed" in (repo / ".orchestra/issues/0001-issue.md").read_text()
    assert (repo / "1.txt").read_text().strip() == "two"
    git("-C", repo, "commit", "-aqm", "issue 1 is closed")
    said = local.runs("merge", "2").out  # not a fast-forward any more
    assert said.splitlines()[0] == "#2: a merge commit of issue-2 (2 commits) on main"
    assert git("-C", repo, "log", "-1", "--format=%s %p").startswith("Merge issue-2: Write 2 (#2) ")
    assert len(git("-C", repo, "log", "-1", "--format=%p").split()) == 2
    local.runs("merge", "3", "--method", "squash")  # the closed issue file is not a change that is in the way
    assert git("-C", repo, "log", "-1", "--format=%s") == "Write 3 (#3)"
    assert "* Two of 3" in git("-C", repo, "log", "-1", "--format=%b")
    assert git("-C", repo, "status", "--porcelain", "--untracked-files=no") in (
        "M .orchestra/issues/0002-issue.md\n M .orchestra/issues/0003-issue.md",
        " M .orchestra/issues/0002-issue.md\n M .orchestra/issues/0003-issue.md",
    )
    assert sorted(local.asks("prune")["removed"]) == ["1", "2", "3"]
    assert local.asks("issues")["issues"] == []


def test_what_a_merge_makes_is_signed_where_a_typed_one_would_be(local: Person, git: Git, home: Path) -> None:
    key = home / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(key)), ("commit.gpgsign", "true")):
        git("config", "--global", name, value)
    shipped(local, "1", "2", "3")
    git("-C", local.where, "commit", "-q", "--allow-empty", "-m", "no fast-forward")
    git("-C", local.where, "config", "gpg.ssh.program", "/nowhere/of-a-worker")
    assert "gpg.ssh.program" in local.runs("merge", "1", code=1).err  # it would be started by this merge
    git("-C", local.where, "config", "--unset", "gpg.ssh.program")
    for number, method in (("1", "merge"), ("2", "squash"), ("3", "rebase")):
        local.runs("merge", number, "--method", method)
        assert "\ngpgsig " in git("-C", local.where, "cat-file", "commit", "HEAD"), method
        git("-C", local.where, "commit", "-aqm", "closed")


def test_a_rebase_keeps_authors_and_messages(local: Person, git: Git) -> None:
    repo = local.where
    shipped(local, "1", "2")
    local.runs("merge", "1")
    git("-C", repo, "commit", "-aqm", "issue 1 is closed")
    assert "the 2 commits of issue-2 on top of main" in local.runs("merge", "2", "--method", "rebase").out
    assert git("-C", repo, "log", "-2", "--format=%s").splitlines() == ["Two of 2", "One of 2"]
    assert git("-C", repo, "log", "--merges", "--format=%s") == ""
    assert git("-C", repo, "log", "-1", "--format=%an", "main") == git(
        "-C", repo, "log", "-1", "--format=%an", "issue-2"
    )
    assert "2" in local.asks("prune")["removed"]


def dirty(repo: Path, git: Git) -> None:
    (repo / "README.md").write_text("mine\n")


def elsewhere(repo: Path, git: Git) -> None:
    git("-C", repo, "switch", "-qc", "other")


def merging(repo: Path, git: Git) -> None:
    git("-C", repo, "switch", "-qc", "side")
    (repo / "x").write_text("side\n")
    git("-C", repo, "add", "x")
    git("-C", repo, "commit", "-qm", "side")
    git("-C", repo, "switch", "-q", "main")
    git("-C", repo, "merge", "--no-ff", "--no-commit", "side")


def rebasing(repo: Path, git: Git) -> None:
    (repo.parent / "widgets-issue-1" / "1.txt").write_text("three\n")
    tree = repo.parent / "widgets-issue-1"
    git("-C", tree, "commit", "-aqm", "three")
    (repo / "1.txt").write_text("mine\n")
    git("-C", repo, "add", "1.txt")
    git("-C", repo, "commit", "-qm", "mine")
    import subprocess

    subprocess.run(["git", "-C", str(tree), "rebase", "main"], capture_output=True, check=False)


def conflicting(repo: Path, git: Git) -> None:
    (repo / "1.txt").write_text("mine\n")
    git("-C", repo, "add", "1.txt")
    git("-C", repo, "commit", "-qm", "mine")


def in_the_way(repo: Path, git: Git) -> None:
    (repo / "1.txt").write_text("untracked\n")


def undone(repo: Path, git: Git) -> None:
    (repo.parent / "widgets-issue-1" / "1.txt").write_text("three\n")


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (dirty, "the main checkout has changes: README.md"),
        (elsewhere, "the main checkout is on other, not on main"),
        (merging, "a merge is under way in the main checkout"),
        (rebasing, "a rebase is under way in the worktree of #1"),
        (conflicting, "conflicts with main in 1.txt"),
        (in_the_way, "untracked files are in the way: 1.txt"),
        (undone, "#1 has changes that are not committed: 1.txt"),
    ],
)
def test_what_refuses_a_merge_and_changes_nothing(
    local: Person, git: Git, prepare: Callable[[Path, Git], None], sentence: str
) -> None:
    git("-C", local.where, "config", "merge.autoStash", "true")
    shipped(local, "1")
    prepare(local.where, git)
    before = trace(local.where, git)
    said = local.runs("merge", "1", code=1)
    assert sentence in said.err, said
    assert trace(local.where, git) == before
    assert local.status("1") == "complete"
    assert "state: closed" not in (local.where / ".orchestra/issues/0001-issue.md").read_text()


@pytest.mark.timeout(300)
def test_what_changes_between_the_question_and_the_yes_merges_nothing(local: Person, git: Git) -> None:
    repo = local.where
    shipped(local, "1")
    console = Console(str(repo), local.environ, time.time)
    tree = Path(local.asks("show", "1")["worktreePath"])

    def refused(sentence: str, change: Callable[[], object], back: Callable[[], object] = lambda: None) -> None:
        wanted = command.plan(console.project, "1")
        change()
        before = trace(repo, git)
        with pytest.raises(OrchestraError, match=sentence):
            command.merge(console.project, wanted)
        assert trace(repo, git) == before
        back()

    refused(
        "the main checkout is on other, not on main",
        lambda: git("-C", repo, "switch", "-qc", "other"),
        lambda: git("-C", repo, "switch", "-q", "main"),
    )
    refused(
        "#1 has changes that are not committed: 1.txt",
        lambda: (tree / "1.txt").write_text("three\n"),
        lambda: git("-C", tree, "checkout", "-q", "1.txt"),
    )
    refused(
        "#1 or its base has changed since: nothing is merged",
        lambda: git("-C", tree, "commit", "-qm", "more", "--allow-empty"),
    )
    refused("#1 is cancelled now: nothing is merged", lambda: local.runs("cancel", "1"))
    assert local.status("1") == "cancelled"


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_merge_by_each_method_is_what_was_asked(local: Person, git: Git, method: str) -> None:
    shipped(local, "1")
    project = Console(str(local.where), local.environ, time.time).project
    assert command.merge(project, command.plan(project, "1", method)).done
    assert len(git("-C", local.where, "log", "-1", "--format=%p").split()) == (2 if method == "merge" else 1)


def test_only_the_user_merges(local: Person, git: Git) -> None:
    shipped(local, "1")
    project = local.asks("list")["project"]
    agent = Person(local.where, {"ORCHESTRA_PROJECT": project})
    assert "the orchestrator may not merge" in agent.runs("merge", "1", code=1).err
    worker = Person(local.where, {"ORCHESTRA_PROJECT": project, "ORCHESTRA_WORKER": "1"})
    said = worker.runs("merge", "1", code=1).err
    assert "worker" in said
    assert local.status("1") == "complete"
    with (local.where / "orchestra.yaml").open("a") as file:
        file.write("merge: {orchestrator: true}\n")
    git("-C", local.where, "commit", "-aqm", "config")
    assert "worker" in worker.runs("merge", "1", code=1).err
    agent.runs("merge", "1")
    assert local.status("1") == "merged"


def test_what_has_not_shipped_is_not_merged(local: Person) -> None:
    assert "there is no worker #7" in local.runs("merge", "7", code=1).err
    write_issue(local.where, 4, "Hang", "```script\nstatus working\nhang\n```")
    local.runs("spawn", "4")
    local.sees("4", "working")
    assert "#4 has not shipped: it is working" in local.runs("merge", "4", code=1).err
    assert "--auto is GitHub's" in local.runs("merge", "4", "--auto", code=1).err


def test_a_new_task_becomes_an_issue_and_a_worker(local: Person) -> None:
    made = local.asks("new", "Round prices: to the “cent”", "-m", TWO.format(n=9), "--label", "bug")
    assert made["number"] == 4
    assert made["worker"]["result"] == "spawned"
    local.sees("4", "complete")
    issue = next(one for one in local.asks("issues")["issues"] if one["number"] == 4)
    assert issue["title"] == "Round prices: to the “cent”"
    assert issue["labels"] == ["bug"]
    said = local.runs("new", "Only noted", "-", "--no-spawn", text="Some *text*\n").out
    assert said.startswith("#5 Only noted")
    assert {one["number"]: one["worker"] for one in local.asks("issues")["issues"]}[5] is None
    path = next((local.where / ".orchestra/issues").glob("0005-*"))
    assert path.read_text().endswith("---\nSome *text*\n")
    assert "a task needs a title" in local.runs("new", "  ", code=1).err
    assert "quote the title" in local.runs("new", "two", "words", code=2).err


# --- on GitHub ---


@pytest.fixture
def on_github(github_repo: Path, github: Double, git: Git) -> Person:
    configure(github_repo, "agent: scripted", "verify: 'true'", "github: {poll: 1s}", "checks: {settle: 5s}")
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    github.add_issue(number=123, title="Write it", body=TWO.format(n=123))
    person = Person(github_repo)
    person.runs("up", "-d")
    return person


def test_merge_on_github_with_its_own_words(on_github: Person, github: Double, git: Git) -> None:
    on_github.runs("spawn", "123")
    on_github.sees("123", "shipping")
    github.add_check("issue-123", "test", "success")
    on_github.sees("123", "complete", 90)
    said = on_github.runs("merge", "123", "--method", "rebase", code=1)
    assert "GitHub does not merge" in said.err
    assert "Rebase merges are not allowed" in said.err
    said = on_github.runs("merge", "123", "--method", "squash")
    assert "by squash" in said.out
    assert "GitHub says: " in said.out
    assert on_github.status("123") == "merged"
    assert "state" in json.dumps(on_github.asks("show", "123"))
    eventually(lambda: github.ticket(123).state == "closed", why="the issue to be closed")
    assert "is merged" in on_github.runs("merge", "123", code=1).err


def test_new_on_github_and_a_local_one_beside_it(on_github: Person, github: Double) -> None:
    made = on_github.asks("new", "From the terminal", "-m", TWO.format(n=5), "--label", "bug", "--no-spawn")
    assert github.ticket(made["number"]).title == "From the terminal"
    assert made["place"].endswith(f"/issues/{made['number']}")
    kept = on_github.asks("new", "Not for everybody", "-m", TWO.format(n=6), "--local")
    assert kept["number"] == 900001
    on_github.sees("900001", "shipping")
    assert "900001" in {str(one["number"]) for one in on_github.asks("issues")["issues"]}
    pull = next(one for one in github.pulls() if one.head == "issue-900001")
    assert "900001" not in (pull.body or "")
