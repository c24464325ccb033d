"""What GitHub asks of its clients, through the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.github_double import Double, Fault
from support.person import Person, configure

pytestmark = pytest.mark.journey


def test_after_a_secondary_limit_no_command_asks_again(github_repo: Path, github: Double) -> None:
    configure(github_repo, "agent: scripted")
    person = Person(github_repo)
    github.add_issue(number=7)
    github.fault(Fault.SECONDARY)
    person.runs("issues", code=1)
    asked = len(github.requests)
    for _ in range(3):
        said = person.runs("issues", code=1)
        assert "GitHub: rate limit, asked again in" in said.err
    assert len(github.requests) == asked


def test_a_token_that_is_refused_names_where_it_came_from(github_repo: Path, github: Double) -> None:
    configure(github_repo, "agent: scripted")
    person = Person(github_repo, {"GH_TOKEN": "ghp_expired"})
    said = person.runs("issues", code=1)
    assert "GitHub refused the token (from GH_TOKEN)" in said.err
    assert "ghp_expired" not in said.out + said.err
