"""GitHub's answers, read: any of them is a noun or a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core.pull_request import Checks
from orchestra.errors import Unreachable
from orchestra.github import responses
from orchestra.github.responses import RateLimited, RepositoryAddress

pytestmark = pytest.mark.fast

PLACE = RepositoryAddress("GitHub", "acme/widgets", "https://github.com/acme/widgets")


@given(st.lists(st.sampled_from(["success", "skipped", "failure", "pending", "in_progress", "", "new in 2030"])))
def test_nothing_passes_that_has_not_passed(states: list[str]) -> None:
    rolled = responses.rollup(states)
    assert (rolled is Checks.PASSING) == (bool(states) and set(states) <= {"success", "skipped"})
    assert (rolled is Checks.FAILING) == ("failure" in states)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "99999999"}, 3600.0),
        ({"retry-after": "-5"}, 60.0),
        ({"retry-after": "soon"}, 60.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "900"}, 1.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1500", "date": "garbage"}, 500.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "²"}, 60.0),
        ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": "1500"}, 60.0),
        ({}, 60.0),
    ],
)
def test_the_wait_is_what_the_headers_say_within_reason(headers: dict[str, str], seconds: float) -> None:
    refused = responses.refusal(PLACE, 429, headers, None, 1000.0)
    assert isinstance(refused, RateLimited)
    assert refused.retry_at - 1000.0 == seconds


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
GOOD: dict[str, Any] = {
    "number": 7, "title": "t", "body": None, "user": {"login": "ann"}, "author_association": "OWNER", "state": "open",
    "labels": [{"name": "ui"}], "head": {"ref": "b", "sha": "a" * 40, "repo": {"full_name": "acme/widgets"}},
    "base": {"ref": "main", "repo": {"full_name": "acme/widgets"}}, "merged_at": None, "mergeable": None, "id": 1,
    "status": "completed", "conclusion": "success", "total_count": 1,
}  # fmt: skip


@pytest.mark.parametrize("number", [True, 0, -1, 10**12, "7", 7.0, None, [7]])
def test_a_value_that_is_not_a_number_is_none(number: object) -> None:
    with pytest.raises(Unreachable, match=r"^unexpected response from GitHub: field number$"):
        responses.pull({**GOOD, "number": number}, 0.0)


@pytest.mark.parametrize(
    ("head", "base", "fork", "owner", "is_it"),
    [
        ("acme/widgets", "acme/widgets", None, "acme", True),
        ("new/name", "new/name", None, "acme", True),  # renamed or transferred meanwhile
        ("eve/widgets", "acme/widgets", None, "acme", False),
        ("me/widgets", "acme/widgets", "Me/Widgets", "Me", True),
        ("me/renamed", "acme/widgets", "me/widgets", "me", True),
        ("eve/widgets", "acme/widgets", "me/widgets", "me", False),
        ("acme/widgets", "acme/widgets", "acme/fork", "acme", False),
        (None, "acme/widgets", "me/widgets", "me", False),
    ],
)  # fmt: skip
def test_which_pull_request_comes_from_a_branch(
    head: str | None, base: str, fork: str | None, owner: str, is_it: bool
) -> None:
    answer = {
        "head": {"ref": "b", "repo": {"full_name": head} if head else None},
        "base": {"ref": "main", "repo": {"full_name": base}},
    }
    assert responses.is_head(answer, "b", fork, owner) is is_it
    assert not responses.is_head(answer, "c", fork, owner)


@pytest.mark.parametrize(
    ("reviews", "decision"),
    [
        ([("rob", "MEMBER", "CHANGES_REQUESTED")], "CHANGES_REQUESTED"),
        ([("rob", "MEMBER", "CHANGES_REQUESTED"), ("rob", "MEMBER", "DISMISSED")], None),
        ([("eve", "NONE", "CHANGES_REQUESTED")], None),
        ([("eve", "NONE", "APPROVED")], None),
        ([("rob", "MEMBER", "APPROVED"), ("eve", "CONTRIBUTOR", "CHANGES_REQUESTED")], "APPROVED"),
    ],
)
def test_a_strangers_opinion_counts_as_little_as_on_github(
    reviews: list[tuple[str, str, str]], decision: str | None
) -> None:
    rows = [
        {"id": number, "user": {"login": login}, "author_association": association, "state": state}
        for number, (login, association, state) in enumerate(reviews)
    ]
    assert responses.decision(rows) == decision


@given(st.sampled_from(sorted(GOOD)), JSON)
def test_any_answer_is_a_noun_or_a_sentence(key: str, value: Any) -> None:
    answer = {**GOOD, key: value}
    for reader in (
        lambda: responses.issue(answer, PLACE),
        lambda: responses.pull(answer, 0.0),
        lambda: responses.is_head(answer, "b", None, "acme"),
        lambda: responses.is_head(answer, "b", "me/widgets", "me"),
        lambda: responses.decision([answer]),
        lambda: responses.refusal(PLACE, 422, {}, {"errors": value, "message": value}, 0.0),
    ):
        try:
            reader()
        except Unreachable as error:
            assert "unexpected response" in error.message  # noqa: PT017


@pytest.mark.parametrize(
    ("status", "headers", "message", "source", "sentence", "hint"),
    [
        pytest.param(403, {"x-github-sso": "required; url=https://github.com/orgs/acme/sso?authorization_request=A1"},
                     "Resource protected by organization SAML enforcement.", "",
                     "acme uses single sign-on, and this token is not authorised for it",
                     "authorise it: https://github.com/orgs/acme/sso?authorization_request=A1", id="single sign-on"),
        pytest.param(403, {"x-accepted-github-permissions": "pull_requests=write"},
                     "Resource not accessible by personal access token", "",
                     "GitHub does not allow this token to do that in acme/widgets: "
                     "Resource not accessible by personal access token", "it needs pull requests: write", id="permission"),
        pytest.param(403, {}, "Repository was archived so is read-only.", "",
                     "acme/widgets is archived: nothing can be written there", "unarchive it on GitHub", id="archived"),
        pytest.param(410, {}, "Issues are disabled for this repo", "", "issues are disabled in acme/widgets",
                     "enable them in the repository's settings on GitHub", id="issues disabled"),
        pytest.param(410, {}, "Issues has been disabled in this repository.", "", "issues are disabled in acme/widgets",
                     "enable them in the repository's settings on GitHub", id="issues disabled, newer words"),
        pytest.param(401, {}, "Bad credentials", "gh", "GitHub refused the token (from gh auth token)",
                     "gh auth login, or set GH_TOKEN", id="401 of gh's"),
        pytest.param(401, {}, "Bad credentials", "GH_TOKEN", "GitHub refused the token (from GH_TOKEN)",
                     "set GH_TOKEN to a valid token, or unset it and gh auth login", id="401 of the environment's"),
        pytest.param(401, {}, "Bad credentials", "token_command", "GitHub refused the token (from github.token_command)",
                     "run github.token_command of your config by hand: it must print a valid token",
                     id="401 of the command's"),
        pytest.param(403, {"x-github-sso": "partial-results; organizations=21955855"}, "no", "",
                     "GitHub does not allow this token to do that in acme/widgets: no",
                     "it needs Contents, Issues and Pull requests (write), Actions and Commit statuses (read)",
                     id="partial results are another thing"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_helps(
    status: int, headers: dict[str, str], message: str, source: str, sentence: str, hint: str
) -> None:
    refused = responses.refusal(PLACE, status, headers, {"message": message}, 1000.0, source)
    assert (refused.message, refused.hint) == (sentence, hint)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("2026-01-08 11:15:00 UTC", 1767870900.0), ("2026-01-08 11:15:00 +0000", 1767870900.0), ("", 0.0), ("soon", 0.0)],
)
def test_when_a_token_ends(header: str, seconds: float) -> None:
    assert responses.expiry(header) == seconds


@pytest.mark.parametrize("absent", ["issue_dependencies_summary", "sub_issues_summary", "comments", "assignees"])
@pytest.mark.parametrize("null", [True, False])
def test_an_older_server_knows_less_of_an_issue(absent: str, null: bool) -> None:
    answer = {**GOOD, absent: None} if null else {name: value for name, value in GOOD.items() if name != absent}
    found = responses.issue(answer, PLACE)
    assert (found.blocked_by, found.sub_issues, found.assignees) == (None, None, ())


def test_a_part_of_the_path_may_be_null() -> None:
    assert responses.optional({"user": None}, str, "user", "login") is None
    assert responses.optional({}, str, "user", "login") is None
    with pytest.raises(Unreachable):
        responses.optional({"user": "ann"}, str, "user", "login")
    with pytest.raises(Unreachable):
        responses.required({"user": None}, str, "user", "login")
