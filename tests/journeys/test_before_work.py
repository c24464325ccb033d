"""What is asked before a worker begins: the token, the right to push, a free name for its branch."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.github_double import Double, Fault
from support.github_double.refs import Bare
from support.person import HANG, Person, configure, write_issue
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

Git = Callable[..., str]
SHIPS = '```script\nstatus working\nwrite note.txt "note"\ncommit "Add note"\nship\n```\n'


@pytest.fixture
def person(github_repo: Path, github: Double, git: Git) -> Person:
    """A user with issues 1 (ships) and 2 (hangs) on the double, and the scripted agent."""
    configure(github_repo, "agent: scripted")
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    github.add_issue(number=1, title="Add a note", body=SHIPS)
    github.add_issue(number=2, title="Hang", body=HANG)
    return Person(github_repo)


def bare(person: Person) -> Path:
    return person.where.parent / "widgets.git"


def as_reader(github: Double, person: Person) -> None:
    github.readers.add("ann")


def archived(github: Double, person: Person) -> None:
    github.archived = True


def disabled(github: Double, person: Person) -> None:
    github.disabled = True


def without_scope(github: Double, person: Person) -> None:
    github.scopes[github.token] = "read:org"


def fine_grained(github: Double, person: Person) -> None:
    token = "github_pat_0123456789"
    github.tokens[token] = "ann"
    github.read_only.add(token)
    person.environ["GH_TOKEN"] = token


def sso(github: Double, person: Person) -> None:
    github.sso.add(github.token)


def refused_by_the_server(github: Double, person: Person) -> None:
    """A git that may be read and not be written, as with a key of read access."""
    git = person.where.parent / "ssh"
    git.write_text(
        "#!/bin/sh\nfor word; do last=$word; done\ncase $last in\n"
        f"git-upload-pack*) exec git-upload-pack {bare(person)};;\n"
        "*) echo 'ERROR: Permission to acme/widgets.git denied to ann.' >&2; exit 1;;\nesac\n"
    )
    git.chmod(0o755)
    config = person.where / ".git" / "config"
    config.write_text(
        config.read_text().replace("https://github.com/acme", "git@github.com:acme").replace("insteadOf", "x")
    )
    person.environ["GIT_SSH"] = str(git)


REFUSED: dict[str, tuple[Callable[[Double, Person], None], str, str]] = {
    "no right to push": (as_reader, "ann may not push to acme/widgets", "gh repo fork acme/widgets --remote"),
    "archived": (archived, "acme/widgets is archived", "unarchive it"),
    "disabled": (disabled, "acme/widgets is disabled", "its owner"),
    "a scope is missing": (without_scope, "the token has read:org, and not the scope repo", "gh auth refresh -s repo"),
    "fine-grained without the right": (fine_grained, "may not open pull requests in acme/widgets", "Pull requests: write"),
    "single sign-on": (sso, "acme uses single sign-on", "https://github.com/orgs/acme/sso"),
    "git's own refusal": (refused_by_the_server, "origin does not take a push", "gh repo fork"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_ship_would_be_refused_for_is_said_before_any_work(
    case: str, person: Person, github: Double, git: Git
) -> None:
    change, sentence, hint = REFUSED[case]
    change(github, person)
    said = person.runs("spawn", "1", code=1).out
    assert sentence in said
    assert hint in said
    assert person.asks("list")["workers"] == []
    assert not (person.where.parent / "widgets-issue-1").exists()
    told = person.runs("doctor", code=1).out
    assert sentence in told
    opened = person.runs("up", "-d").err
    assert sentence in opened or case == "git's own refusal"
    assert not github.pulls()


def test_what_is_not_known_is_said_and_stops_nothing(person: Person, github: Double) -> None:
    github.fault(Fault.BAD_GATEWAY, "/user")
    said = person.runs("spawn", "2").out
    assert "#2 spawned" in said
    assert "it is not known whether you may push to acme/widgets" in said


def test_a_token_that_ends_soon_is_said(person: Person, github: Double) -> None:
    github.expiring[github.token] = time.time() + 1200
    said = person.runs("spawn", "2").out
    assert "#2 spawned" in said
    assert "the token ends in" in said


def test_doctor_says_who_i_am(person: Person) -> None:
    said = person.runs("doctor", code=None).out
    assert "token: of ann (from GH_TOKEN)" in said
    assert "token: may push to acme/widgets" in said


def test_a_closed_repository_beside_an_own_fork_is_not_pushed_to(person: Person, github: Double, git: Git) -> None:
    mine = person.where.parent / "me.git"
    git("clone", "-q", "--bare", bare(person), mine)
    github.forks["me"] = Bare(mine)
    git("-C", person.where, "remote", "add", "mine", "https://github.com/me/widgets.git")
    git("-C", person.where, "config", f"url.{mine}.insteadOf", "https://github.com/me/widgets.git")
    github.readers.add("ann")
    said = person.runs("spawn", "2").out
    assert "you may not push to acme/widgets: branches are pushed to mine" in said
    assert "pull requests come from me:BRANCH" in person.runs("doctor", code=None).out


# --- the name of the branch ---


def theirs(git: Git, person: Person, branch: str) -> str:
    """A colleague's branch on the remote; its commit."""
    clone = person.where.parent / "colleague"
    if not clone.exists():
        git("clone", "-q", bare(person), clone)
    git("-C", clone, "switch", "-q", "-C", branch.replace("/", "+"), "origin/main")
    git("-C", clone, "commit", "-q", "--allow-empty", "-m", f"mine: {branch}")
    git("-C", clone, "push", "-q", "origin", f"HEAD:refs/heads/{branch}")
    return git("-C", clone, "rev-parse", "HEAD")


def shipped(person: Person, number: str) -> dict[str, Any]:
    """The worker once it has a pull request, whatever the monitor has made of it meanwhile."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = person.asks("show", number)
        return found if found["pullRequest"] else None

    found = eventually(look, 120, f"#{number} to have a pull request")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("present", "template", "chosen"),
    [
        ("issue-1", "issue-{id}", "issue-1-2"),
        ("Issue-1", "issue-{id}", "issue-1-2"),
        ("issue-1/theirs", "issue-{id}", "issue-1-2"),
        ("issue/1", "issue/{id}", "issue/1-2"),
        ("issue", "issue/{id}", "issue-1"),
    ],
)
def test_a_colleagues_branch_is_left_alone(
    present: str, template: str, chosen: str, person: Person, github: Double, git: Git
) -> None:
    configure(person.where, "agent: scripted", f"branch: '{template}'")
    commit = theirs(git, person, present)
    said = person.runs("spawn", "1").out
    assert f"#1 works on the branch {chosen}: the branch {present} " in said
    assert "on origin" in said
    shipped(person, "1")
    assert git("-C", bare(person), "rev-parse", present) == commit
    assert [pull.head for pull in github.pulls()] == [chosen]


def test_a_colleagues_pull_request_is_not_the_workers(person: Person, github: Double, git: Git) -> None:
    commit = theirs(git, person, "issue-1")
    number = github.add_pull("issue-1", author="rob")
    person.runs("spawn", "1")
    assert shipped(person, "1")["pullRequest"]["number"] != number
    assert github.pull(number).sha == commit


@pytest.mark.parametrize(
    ("present", "template", "chosen"),
    [("issue-1", "issue-{id}", "issue-1-2"), ("issue", "issue/{id}", "issue-1")],
)
def test_a_branch_of_the_user_is_left_alone(present: str, template: str, chosen: str, repo: Path, git: Git) -> None:
    configure(repo, "agent: scripted", "tracker: local", f"branch: '{template}'")
    write_issue(repo, 1, "Hang", HANG)
    git("-C", repo, "branch", present)
    person = Person(repo)
    assert f"#1 works on the branch {chosen}: the branch {present} " in person.runs("spawn", "1").out
    person.sees("1", "working")
    assert git("-C", repo.parent / "widgets-issue-1", "branch", "--show-current") == chosen
    assert "I4" not in [one["id"] for one in person.asks("doctor", code=None)["findings"]]  # theirs is not a leftover
    person.runs("cancel", "1")
    assert "#1 spawned" in person.runs("spawn", "1").out  # its own branch is taken up again
    assert git("-C", repo.parent / "widgets-issue-1", "branch", "--show-current") == chosen


def test_a_colleague_who_is_faster_keeps_the_name(person: Person, github: Double, git: Git) -> None:
    gate = person.where.parent / "go"
    wait = f'run sh -c "while ! test -e {gate}; do sleep 0.1; done"'
    body = f'```script\nstatus working\nwrite note.txt "note"\ncommit "Add note"\n{wait}\nship\n```\n'
    github.add_issue(number=3, title="Late", body=body)
    assert "works on" not in person.runs("spawn", "3").out
    person.sees("3", "working")
    commit = theirs(git, person, "issue-3")
    gate.write_text("")
    shipped(person, "3")
    assert git("-C", bare(person), "rev-parse", "issue-3") == commit
    assert [pull.head for pull in github.pulls()] == ["issue-3-2"]
    assert person.asks("show", "3")["branch"] == "issue-3-2"


def test_racing_spawns_have_branches_of_their_own(person: Person, github: Double, git: Git) -> None:
    for number in (1, 2):
        theirs(git, person, f"issue-{number}")
    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(lambda number: person.runs("spawn", str(number), code=None), (1, 2, 1, 2, 1, 2)))
    assert all("spawned" in one.out or "existing" in one.out for one in said), said
    branches = eventually(
        lambda: found if len(found := [one["branch"] for one in person.asks("list")["workers"]]) == 2 else None
    )
    assert sorted(branches or []) == ["issue-1-2", "issue-2-2"]
    shipped(person, "1")
    assert [pull.head for pull in github.pulls()] == ["issue-1-2"]
