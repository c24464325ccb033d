"""The GitHub edge against the double: nouns, refusals, and what it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.github_double import Double
from support.github_double.clients import Connect

from orchestra.core.models import Issue
from orchestra.errors import OrchestraError, UsageError
from orchestra.github.tracker import api_base

pytestmark = pytest.mark.fast


# Where the API is.


@pytest.mark.parametrize(
    ("host", "configured", "environ", "base"),
    [
        ("github.com", None, {}, "https://api.github.com"),
        ("GitHub.com", None, {}, "https://api.github.com"),
        ("ssh.github.com", None, {}, "https://api.github.com"),
        ("acme.ghe.com", None, {}, "https://api.acme.ghe.com"),
        ("ghe.example.com", None, {}, "https://ghe.example.com/api/v3"),
        ("ghe.example.com:8443", None, {}, "https://ghe.example.com:8443/api/v3"),
        ("github.com", None, {"GITHUB_API_URL": "https://proxy.example/gh/"}, "https://proxy.example/gh"),
        ("github.com", "http://127.0.0.1:1", {"GITHUB_API_URL": "https://proxy.example"}, "http://127.0.0.1:1"),
        ("github.com", None, {"GH_HOST": "ghe.example.com"}, "https://api.github.com"),
    ],
)
def test_the_api_address_follows_from_config_environment_and_host(
    host: str, configured: str | None, environ: dict[str, str], base: str
) -> None:
    assert api_base(host, configured, environ) == base


@pytest.mark.parametrize("given", ["http://ghe.example.com", "ftp://x", "ghe.example.com", "https://", "https://[x"])
def test_an_api_address_that_would_show_the_token_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="is not an https:// address"):
        api_base("github.com", given, {})


@pytest.mark.parametrize("host", ["", "a b", "a/b", "x@y", "-x", "a\n"])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="is not a host name"):
        api_base(host, None, {})


# Issues.


def test_an_issue_is_read_whole(github: Double, connect: Connect) -> None:
    github.add_issue("Add dark mode", "As *body*", "bob", "CONTRIBUTOR", ("ui", "good first issue"), number=7)
    assert connect().issue("7") == Issue(
        "7", "Add dark mode", "As *body*", "https://github.com/acme/widgets/issues/7", "bob", "CONTRIBUTOR", "open",
        ("ui", "good first issue"), blocked_by=0, sub_issues=0, comments=0,
    )  # fmt: skip


def test_an_empty_body_is_empty_and_a_closed_issue_says_so(github: Double, connect: Connect) -> None:
    number = github.add_issue(body=None)
    github.close(number)
    found = connect().issue(str(number))
    assert (found.body, found.state) == ("", "closed")


def test_a_number_that_is_not_an_open_issue_is_refused(github: Double, connect: Connect) -> None:
    github.push("issue-1")
    github.add_pull("issue-1")
    with pytest.raises(OrchestraError, match=r"^#1 is a pull request, not an issue$"):
        connect().issue("1")
    with pytest.raises(OrchestraError, match=r"^there is no issue #7 in acme/widgets$"):
        connect().issue("7")


def test_a_repository_that_is_not_there_is_said_instead_of_the_issue(github: Double, connect: Connect) -> None:
    github.repo = "gadgets"
    with pytest.raises(OrchestraError, match="there is no repository acme/widgets that this token may see"):
        connect().issue("7")


@pytest.mark.parametrize("number", ["", "0", "-1", "1.5", "7x", "\u0667", "../../user", "99999999999"])
def test_a_text_that_is_not_a_number_is_not_asked_for(number: str, github: Double, connect: Connect) -> None:
    with pytest.raises(UsageError, match="is not an issue number"):
        connect().issue(number)
    assert not github.requests


def test_a_moved_issue_is_not_taken_for_the_one_asked(
    github: Double, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.add_issue(number=12)
    github.tickets[7] = github.tickets[12]
    with pytest.raises(OrchestraError, match="issue #7 has moved to another repository"):
        connect().issue("7")


def test_open_issues_come_page_by_page_without_pull_requests(github: Double, connect: Connect) -> None:
    for number in range(1, 231):
        github.add_issue(number=number)
    github.close(230)
    github.push("issue-1")
    github.add_pull("issue-1")
    found = connect().issues()
    assert [int(issue.number) for issue in found] == list(range(229, 0, -1))
    assert len(github.asked("GET", "/issues")) == 3


def test_the_pages_are_bounded(github: Double, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestra.github.operations.PAGE", 2)
    for _ in range(30):
        github.add_issue()
    assert len(connect().issues()) == 20
    assert len(github.requests) == 10


# What it costs.


def test_what_has_not_changed_costs_nothing(github: Double, connect: Connect) -> None:
    github.add_issue(number=7)
    first, left = connect().issue("7"), github.remaining
    assert connect().issue("7") == first  # another process
    assert [one.status for one in github.requests] == [200, 304]
    assert github.remaining == left


def test_the_libraries_are_not_imported_before_the_first_request() -> None:
    code = (
        "import sys, time; from pathlib import Path; from orchestra.github import tracker, client, auth, responses;"
        "credentials = auth.Credentials('github.com', None, {'GH_TOKEN': 't'}, Path('/nowhere'));"
        "address = responses.repository_address('github.com', 'a', 'b');"
        "asked = client.ApiClient(address, 'https://api.github.com', credentials, '/nowhere', time.time);"
        "tracker.GitHubTracker(asked, time.time);"
        "print(*{'ghapi', 'httpx2', 'fastcore'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_environment_does_not_reach_ghapi(
    github: Double, connect: Connect, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GH_HOST", "ghe.example.com")
    monkeypatch.setenv("GITHUB_TOKEN", "another")
    monkeypatch.setenv("GITHUB_JWT_TOKEN", "another")
    monkeypatch.setenv("GHAPI_DEBUG", "1")
    number = github.add_issue()
    connect().issue(str(number))
    assert capfd.readouterr() == ("", "")
