"""What GitHub and its members say must be closed first."""

from __future__ import annotations

import pytest
from support.github_double import Double
from support.github_double.clients import Connect
from support.github_double.server import Double as Server

pytestmark = pytest.mark.fast


@pytest.fixture
def issues(github: Double) -> Server:
    """Issues 1 to 9, of which 9 is the one that is asked about; 5 is closed."""
    for number in range(1, 9):
        github.add_issue(f"Issue {number}", number=number)
    github.close(5)
    return github


def blockers(connect: Connect, number: str = "9") -> dict[str, str]:
    tracker = connect()
    return {one.number: one.source for one in tracker.blockers(tracker.issue(number))}


def test_dependencies_sub_issues_and_what_members_wrote(issues: Server, connect: Connect) -> None:
    body = "Blocked by #3 and #5.\n\n- [ ] #4\n- [x] #6\n\nSee #7. Depends on #99 and acme/gadgets#1."
    issues.add_issue("Last", body, "bob", "MEMBER", number=9)
    issues.block(9, by=1)
    issues.block(9, by=5)
    issues.add_sub_issue(9, 2)
    issues.comment(9, "depends on #8", "bob", association="COLLABORATOR")
    issues.comment(9, "blocked by #7", "eve", association="NONE")
    assert blockers(connect) == {
        "1": "its dependencies on GitHub",
        "2": "its sub-issues on GitHub",
        "3": "its text",
        "4": "its task list",
        "8": "a comment of bob",
    }


def test_the_text_of_an_outsider_blocks_nothing(issues: Server, connect: Connect) -> None:
    issues.add_issue("Last", "Blocked by #3", "eve", "CONTRIBUTOR", number=9)
    issues.block(9, by=1)
    assert list(blockers(connect)) == ["1"]


def test_an_issue_with_nothing_costs_no_request_more(issues: Server, connect: Connect) -> None:
    issues.add_issue("Last", "Nothing to wait for.", "bob", "MEMBER", number=9)
    tracker = connect()
    issue = tracker.issue("9")
    before = len(issues.requests)
    assert tracker.blockers(issue) == ()
    assert len(issues.requests) == before


def test_a_server_without_dependencies_has_none(issues: Server, connect: Connect) -> None:
    issues.add_issue("Last", "Blocked by #3", "bob", "MEMBER", number=9)
    tracker = connect()
    older = tracker.issue("9")._replace(blocked_by=None, sub_issues=None, comments=None)
    issues.tickets[9].blocked_by = [77]  # what it does not know is answered with 404
    assert [one.number for one in tracker.blockers(older)] == ["3"]


def test_a_pull_request_can_block_too(issues: Server, connect: Connect) -> None:
    issues.push("other")
    pull = issues.add_pull("other", "main", "Other work", "", "bob")
    issues.add_issue("Last", f"depends on #{pull}", "bob", "MEMBER", number=99)
    assert list(blockers(connect, "99")) == [str(pull)]
    issues.close(pull)
    assert blockers(connect, "99") == {}
