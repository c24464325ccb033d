"""From a thought to a merged change by keys alone, in a real terminal; docs/keys.md has the keys that it takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.by_keys import counted_in_docs, journey
from support.github_double import Double
from support.person import Person, configure, write_issue
from support.terminal import quick_fingers

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
Git = Callable[..., str]


def test_a_thought_is_merged_by_keys_alone_without_a_forge(repo: Path, git: Git) -> None:
    quick_fingers()
    configure(repo, "agent: scripted", "tracker: local")
    write_issue(repo, 1, "An issue that is there", "text", state="closed")
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "config")
    person = Person(repo)
    count = journey(person, "2", lambda: None)
    assert (repo / "prices.txt").read_text() == "one\ntwo, rounded even\nthree\n"
    assert person.status("2") == "merged"
    assert count == counted_in_docs()


@pytest.mark.nightly
def test_a_thought_is_merged_by_keys_alone_on_github(github_repo: Path, github: Double, git: Git) -> None:
    quick_fingers()
    configure(github_repo, "agent: scripted", "verify: 'true'", "github: {poll: 1s}", "checks: {settle: 5s}")
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    person = Person(github_repo)

    def is_passing() -> None:
        person.sees("1", "shipping", 60)
        github.add_check("issue-1", "test", "success")

    count = journey(person, "1", is_passing)
    (pull,) = github.pulls()
    assert pull.merged
    assert person.status("1") == "merged"
    assert count == counted_in_docs()
