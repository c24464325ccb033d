"""A change of the shared git configuration: named, asked once, and in the way of what it can harm alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.github_double import Double
from support.person import HANG, Person, configure, write_issue
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
Git = Callable[..., str]

SHIPS = "```script\nstatus working\nwrite {0}.txt a\ncommit A\nwait\nship\nwait\n```\n"
WARNING = "the shared git configuration changed"
HARMLESS = {
    "remote.origin.gh-resolved": "base",
    "lfs.https://github.com/acme/widgets.git/info/lfs.access": "basic",
    "submodule.lib.active": "true",
    "maintenance.auto": "false",
    "user.email": "worker@example.invalid",
    "filter.lfs.clean": "git-lfs clean -- %f",
}


@pytest.fixture
def local(repo: Path, git: Git) -> Person:
    configure(repo)
    for number in range(1, 6):
        write_issue(repo, number, f"Issue {number}", HANG)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    person = Person(repo)
    person.runs("spawn", "1")
    return person


def test_what_git_and_its_companions_write_passes(local: Person, git: Git) -> None:
    for key, value in HARMLESS.items():
        git("-C", local.where, "config", key, value)
    assert WARNING not in local.runs("list").out
    local.runs("spawn", "2")
    assert [one for one in local.asks("doctor", code=None)["findings"] if one["id"] == "I11"] == []


HARMS = (  # a key, and whether a worker may be spawned and pruned all the same
    ("alias.st", True, True),
    ("core.hooksPath", True, True),
    ("remote.origin.url", True, True),
    ("filter.x.clean", False, False),
)


def test_a_change_stops_only_what_it_can_harm(local: Person, git: Git) -> None:
    for ended, (key, spawns, prunes) in enumerate(HARMS, 1):
        git("-C", local.where, "config", key, "sh -c evil")
        said = local.runs("list").out
        assert f"while #{ended} ran: {key.lower()}: not set -> sh -c evil" in said
        assert "accept it: orchestra doctor --accept-git, or undo it: git config --unset-all" in said
        local.runs("spawn", str(ended + 1), code=0 if spawns else 1)
        local.runs("cancel", str(ended))
        local.runs("prune", code=0 if prunes else 1)
        (found,) = [one for one in local.asks("doctor", code=None)["findings"] if one["id"] == "I11"]
        assert found["severity"] == ("warning" if key == "alias.st" else "error")
        git("-C", local.where, "config", "--unset-all", key)
        assert WARNING not in local.runs("list").out


def test_a_value_that_was_accepted_once_is_not_asked_again(local: Person, git: Git) -> None:
    git("-C", local.where, "config", "core.hooksPath", ".husky/_")
    assert WARNING in local.runs("list").out
    local.runs("doctor", "--accept-git", code=None)
    assert WARNING not in local.runs("list").out
    git("-C", local.where, "config", "--unset-all", "core.hooksPath")
    assert WARNING in local.runs("list").out, "to have no hooks is another value"
    local.runs("doctor", "--accept-git", code=None)
    git("-C", local.where, "config", "core.hooksPath", ".husky/_")
    assert WARNING not in local.runs("list").out, "npm install sets it again"
    git("-C", local.where, "config", "core.hooksPath", "/tmp/evil")
    assert "core.hookspath: .husky/_ -> /tmp/evil" in local.runs("list").out


@pytest.mark.parametrize(
    "how", ["approve", *(pytest.param(how, marks=pytest.mark.nightly) for how in ("--accept-git", "undone"))]
)
def test_the_user_is_asked_once_for_three_workers(github_repo: Path, github: Double, git: Git, how: str) -> None:
    configure(github_repo, "agent: scripted", "notify: {desktop: false}")
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    for issue in (1, 2, 3):
        github.add_issue(number=issue, title=f"Issue {issue}", body=SHIPS.format(issue))
    person = Person(github_repo)
    person.runs("up", "-d")
    person.runs("spawn", "1", "2", "3")
    for number in "123":
        eventually(lambda n=number: person.asks("show", n)["activity"]["state"] == "waiting", 60)  # type: ignore[misc]
    git("-C", github_repo, "config", "core.hooksPath", ".husky/_")  # as `npm install` of a worker does
    for number in "123":
        person.runs("tell", number, "go on")
    asking = eventually(lambda: [one for one in person.asks("list")["workers"] if one["status"] == "stuck"], 60)
    for number in "123":
        eventually(lambda n=number: person.asks("show", n)["activity"]["state"] == "waiting", 60)  # type: ignore[misc]
    assert len(asking) == 1
    assert len([one for one in person.asks("list")["workers"] if one["status"] == "stuck"]) == 1
    asked = asking[0]["escalation"]
    assert "core.hookspath: not set -> .husky/_; may it stay?" in asked["summary"]
    if how == "approve":
        person.runs("approve", asking[0]["id"])
    elif how == "undone":
        git("-C", github_repo, "config", "--unset-all", "core.hooksPath")
    else:
        person.runs("doctor", "--accept-git", code=None)

    def shipped() -> bool:
        return all(one["pullRequest"] for one in person.asks("list")["workers"])

    eventually(shipped, 90, "all three to have shipped")
    assert WARNING not in person.runs("list").out
    assert json.loads(person.runs("list", "--json").out)["workers"]


def test_a_filter_that_the_user_knows_of_is_run_and_the_tree_is_clean(
    github_repo: Path, github: Double, git: Git
) -> None:
    """As nbstripout, git-crypt and `git lfs install --local` write theirs, before the first worker."""
    git("-C", github_repo, "config", "filter.strip.clean", "sed s/secret//")
    git("-C", github_repo, "config", "filter.strip.smudge", "cat")
    (github_repo / ".gitattributes").write_text("*.ipynb filter=strip\n")
    (github_repo / "note.ipynb").write_text("x secret\n")
    configure(github_repo, "agent: scripted", "notify: {desktop: false}")
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    script = '```script\nstatus working\nwrite note.ipynb "y secret"\ncommit A\nrun touch note.ipynb\nship\n```\n'
    github.add_issue(number=1, title="Note", body=script)
    person = Person(github_repo)
    person.runs("spawn", "1")
    person.sees("1", "shipping")
    tree = Path(person.asks("show", "1")["worktreePath"])
    assert git("-C", tree, "show", "HEAD:note.ipynb") == "y"
    assert git("-C", tree, "status", "--porcelain") == ""
