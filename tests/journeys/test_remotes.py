"""Forks, aliases of ssh, push remotes: real git and the double of GitHub, through the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.github_double import Double
from support.github_double.refs import Bare
from support.person import Person, configure
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

Git = Callable[..., str]
ACME, MINE = "https://github.com/acme/widgets.git", "https://github.com/me/widgets.git"
SHIPS = """
```script
status working
write note.txt "note"
commit "Add note"
ship
```
"""


@pytest.fixture
def fork(github_repo: Path, github: Double, git: Git, tmp_path: Path) -> Path:
    """`github_repo` without a remote, a fork me/widgets of it, and the addresses of both leading to directories."""
    mine = tmp_path / "me.git"
    git("clone", "-q", "--bare", tmp_path / "widgets.git", mine)
    github.forks["me"] = Bare(mine)
    git("-C", github_repo, "remote", "remove", "origin")
    for url in (MINE, "git@work:me/widgets.git"):
        git("-C", github_repo, "config", "--add", f"url.{mine}.insteadOf", url)
    (github_repo / "orchestra.yaml").write_text("agent: scripted\n")
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", ACME, "main")
    github.add_issue(number=1, title="Add a note", body=SHIPS)
    return github_repo


def heads(repo: Path, bare: str, git: Git) -> list[str]:
    return git("-C", repo.parent / bare, "for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines()


SETUPS: dict[str, tuple[str, ...]] = {
    "upstream and a fork behind an alias": (
        f"remote add upstream {ACME}", "remote add origin git@work:me/widgets.git"),
    "upstream and fork, no origin": (f"remote add upstream {ACME}", f"remote add fork {MINE}"),
    "remote.pushDefault": (
        f"remote add origin {ACME}", f"remote add mine {MINE}", "config remote.pushDefault mine"),
    "branch.pushRemote": (
        f"remote add origin {ACME}", f"remote add mine {MINE}", "config branch.issue-1.pushRemote mine"),
    "pushurl": (f"remote add origin {ACME}", f"config remote.origin.pushurl {MINE}"),
    "pushes to upstream are switched off": (
        f"remote add upstream {ACME}", f"remote add origin {MINE}", "remote set-url --push upstream no_push"),
    "gh repo set-default": (
        f"remote add theirs {ACME}", f"remote add origin {MINE}", "config remote.theirs.gh-resolved base",
        "config remote.pushDefault origin"),
}  # fmt: skip


@pytest.mark.parametrize("setup", SETUPS)
def test_work_goes_to_the_fork_and_its_pull_request_to_the_base(
    setup: str, fork: Path, github: Double, git: Git, home: Path
) -> None:
    (home / ".ssh").mkdir()
    (home / ".ssh" / "config").write_text("Host work\n  HostName github.com\n  User git\n")
    for line in SETUPS[setup]:
        git("-C", fork, *line.split())
    person = Person(fork)
    person.runs("spawn", "1")
    person.sees("1", "shipping")
    pull = github.pull(2)
    assert (pull.owner, pull.head, pull.base, pull.state) == ("me", "issue-1", "main", "open")
    assert (heads(fork, "widgets.git", git), heads(fork, "me.git", git)) == (["main"], ["issue-1", "main"])
    said = person.runs("doctor", code=None).out
    assert "issues and pull requests: acme/widgets on github.com" in said
    assert ("issue-1 of #1 is pushed to mine: me/widgets" in said) is (setup == "branch.pushRemote")
    assert "pull requests come from me:BRANCH" in said
    stacked = person.runs("spawn", "3", "--on", "1", code=1).err
    assert "nothing can be built on #1: its branch is in the fork me/widgets" in stacked
    github.merge(2)
    person.runs("monitor", "--once")
    assert person.status("1") == "merged"


def test_the_pull_request_that_was_opened_by_hand_from_the_fork_is_found(fork: Path, github: Double, git: Git) -> None:
    for line in SETUPS["upstream and fork, no origin"]:
        git("-C", fork, *line.split())
    github.add_issue(number=3, body='```script\nstatus working\nwrite n.txt "n"\ncommit "n"\nhang\n```\n')
    person = Person(fork)
    person.runs("spawn", "3")
    worktree = fork.parent / "widgets-issue-3"
    eventually(lambda: person.sees("3", "working") and git("-C", worktree, "log", "--format=%s", "main..HEAD"), 60)
    git("-C", worktree, "push", "-q", "fork", "issue-3")
    made = github.add_pull("me:issue-3")
    person.runs("monitor", "--once")
    assert person.asks("show", "3")["pullRequest"]["number"] == made


def test_a_renamed_repository_is_still_the_same(github_repo: Path, github: Double, git: Git) -> None:
    configure(github_repo, "agent: scripted")
    git("-C", github_repo, "config", "remote.origin.url", "https://github.com/old/name.git")
    git("-C", github_repo, "config", "--add", f"url.{github_repo.parent / 'widgets.git'}.insteadOf",
        "https://github.com/old/name.git")  # fmt: skip
    github.former_names.add("old/name")
    github.add_issue(number=1, title="Add a note", body=SHIPS)
    person = Person(github_repo)
    person.runs("spawn", "1")
    person.sees("1", "shipping")
    github.edit(2, title="by hand")
    person.runs("monitor", "--once")
    assert person.asks("show", "1")["pullRequest"]["number"] == 2


def test_init_says_why_a_remote_is_not_used(repo: Path, git: Git) -> None:
    git("-C", repo, "remote", "add", "origin", "https://git.corp.example/acme/widgets")
    said = Person(repo).runs("init", text="\n\n\n").out
    assert "git.corp.example is not known as a GitHub" in said
    assert "gh auth login -h git.corp.example" in said


def test_a_server_that_gh_is_logged_in_to_is_a_github(repo: Path, git: Git, home: Path) -> None:
    git("-C", repo, "remote", "add", "origin", "https://git.corp.example/acme/widgets")
    (home / ".config" / "gh").mkdir(parents=True)
    (home / ".config" / "gh" / "hosts.yml").write_text("git.corp.example:\n    user: ann\n    git_protocol: https\n")
    said = Person(repo).runs("init", text="\n\n\n").out
    assert "tracker: github" in said


def test_a_token_that_changes_while_work_goes_on(
    github_repo: Path, github: Double, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of an app do every hour: spawn, ship, the monitor and prune each find that theirs has ended."""
    for name in ("GH_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    current, asked, command = (tmp_path / name for name in ("token", "asked", "print-token"))
    command.write_text(f"#!/bin/sh\necho x >>{asked}\ncat {current}\n")
    command.chmod(0o755)

    def rotate(name: str) -> None:
        current.write_text(name)
        github.tokens = {name: "ann"}

    configure(
        github_repo,
        "agent: scripted",
        f"github: {{poll: 1s, token_command: {command}}}",
        "checks: {settle: 5s}",
        "notify: {desktop: false}",
    )
    waits = f"run while [ ! -e {tmp_path / 'go'} ]; do sleep 0.1; done\nship\n"
    github.add_issue(number=1, title="Add a note", body=SHIPS.replace("ship\n", waits))
    rotate("ghp_rotated1")
    person = Person(github_repo)
    person.runs("up", "-d")
    person.runs("spawn", "1")
    person.sees("1", "working")
    rotate("ghp_rotated2")
    (tmp_path / "go").touch()
    person.sees("1", "shipping")
    rotate("ghp_rotated3")
    github.add_run("issue-1", "test", "success")
    person.sees("1", "complete")
    rotate("ghp_rotated4")
    person.runs("down")  # where nothing runs its monitor looks once a minute
    github.merge(github.pulls()[0].number)
    person.runs("monitor", "--once")
    assert person.status("1") == "merged"
    rotate("ghp_rotated5")
    found = person.asks("prune", "--remote")
    assert (found["removed"], found["remoteBranches"][0]["deleted"]) == (["1"], True)
    assert len(asked.read_text().splitlines()) <= 12, "a token is kept until it is refused"
    kept = [path for path in home.rglob("*") if path.is_file() and b"ghp_rotated1" in path.read_bytes()]
    assert not kept, "one that was refused is dropped"
