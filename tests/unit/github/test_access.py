"""Who the token is of, and what a ship would be refused for: the table, and the questions against the double."""

from __future__ import annotations

import time

import pytest
from support.github_double import Double, Fault
from support.github_double.clients import Connect
from support.github_double.refs import Paper

from orchestra.errors import OrchestraError, Unreachable
from orchestra.github.access import Access, Obstacle, Seen, ask, obstacles, told

pytestmark = pytest.mark.fast

ACME, MINE = Seen("acme/widgets", push=True), Seen("me/widgets", push=True)
GOOD = Access(ACME, ACME, "ann", "gh")
RENEW = "gh auth refresh -s repo"
TABLE: list[tuple[str, Access, list[tuple[str, str, bool]]]] = [
    ("all is well", GOOD, []),
    ("a fork", GOOD._replace(base=ACME._replace(push=False), head=MINE), []),
    ("no right", GOOD._replace(head=ACME._replace(push=False)), [
        ("ann may not push to acme/widgets", "gh repo fork acme/widgets --remote", True)]),
    ("no right in the fork", GOOD._replace(head=MINE._replace(push=False)), [
        ("ann may not push to me/widgets", "push_remote: NAME", True)]),
    ("not known", GOOD._replace(head=ACME._replace(push=None)), []),
    ("nothing is known", Access(None, None), []),
    ("archived", GOOD._replace(base=ACME._replace(archived=True), head=ACME._replace(archived=True, push=False)), [
        ("acme/widgets is archived: nothing can be pushed there", "unarchive it", True)] * 2),
    ("the base of a fork is archived", GOOD._replace(base=ACME._replace(archived=True), head=MINE), [
        ("acme/widgets is archived: nothing can be pushed there", "unarchive it", True)]),
    ("disabled", GOOD._replace(base=ACME._replace(disabled=True), head=MINE), [
        ("acme/widgets is disabled on GitHub", "its owner", True)]),
    ("no pull requests", GOOD._replace(base=ACME._replace(pulls=False), head=MINE), [
        ("pull requests are disabled in acme/widgets", "enable them", True)]),
    ("scope repo", GOOD._replace(scopes=("repo", "gist")), []),
    ("scope public_repo, public", GOOD._replace(scopes=("public_repo",)), []),
    ("scope public_repo, private", GOOD._replace(scopes=("public_repo",), base=ACME._replace(private=True)), [
        ("the token has public_repo, and not the scope repo", RENEW, True)]),
    ("another scope", GOOD._replace(scopes=("read:org",), source="GH_TOKEN"), [
        ("the token has read:org, and not the scope repo", f"{RENEW}; this one is from GH_TOKEN", True)]),
    ("no scope", GOOD._replace(scopes=()), [("the token has no scope, and not the scope repo", RENEW, True)]),
    ("fine-grained, allowed", GOOD._replace(writes=True), []),
    ("fine-grained, not allowed", GOOD._replace(writes=False), [
        ("the token may not open pull requests in acme/widgets", "Pull requests: write", True)]),
    ("ends later", GOOD._replace(lasts=86_400.0), []),
    ("ends soon", GOOD._replace(lasts=600.0), [("the token ends in 10m", "gh auth login", False)]),
    ("ends soon, and is renewed", GOOD._replace(lasts=600.0, renewed=True), []),
    ("has ended", GOOD._replace(lasts=-1.0), [("the token has ended", "gh auth login", True)]),
]  # fmt: skip


@pytest.mark.parametrize(("access", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_a_ship_would_be_refused_for(access: Access, expected: list[tuple[str, str, bool]]) -> None:
    found: list[Obstacle] = list(obstacles(access))
    assert [(one.what, one.certain) for one in found] == [(what, certain) for what, _, certain in expected]
    for one, (_, hint, _) in zip(found, expected, strict=True):
        assert hint in one.hint


def asked(connect: Connect, head: str = "acme/widgets", token: str = "") -> Access:
    tracker = connect(token=token) if token else connect()
    return ask(tracker.client, "acme/widgets", head, time.time())


def test_the_questions(github: Double, connect: Connect) -> None:
    github.scopes[github.token] = "repo, read:org"
    github.expiring[github.token] = time.time() + 7200
    found = asked(connect)
    assert (found.login, found.scopes, found.source) == ("ann", ("repo", "read:org"), "GH_TOKEN")
    assert (found.base, found.head) == (found.head, found.base)
    assert found.base is not None
    assert (found.base.slug, found.base.push, found.base.default_branch) == ("acme/widgets", True, "main")
    assert 7000 < (found.lasts or 0) < 7201
    first, second = told(found)
    assert first.startswith("token: of ann (from GH_TOKEN), scopes repo, read:org, ends in ")
    assert second == "token: may push to acme/widgets"
    assert not github.asked("POST")


def test_a_reader_may_not_push(github: Double, connect: Connect) -> None:
    github.readers.add("ann")
    assert [one.what for one in obstacles(asked(connect))] == ["ann may not push to acme/widgets"]


def test_a_fork_is_asked_for_by_itself(github: Double, connect: Connect) -> None:
    github.readers.add("ann")
    github.forks["me"] = Paper()
    assert not list(obstacles(asked(connect, "me/widgets")))
    github.readers.add("ann@me")
    assert [one.what for one in obstacles(asked(connect, "me/widgets"))] == ["ann may not push to me/widgets"]


def test_a_fork_that_the_token_does_not_see_is_not_known(github: Double, connect: Connect) -> None:
    found = asked(connect, "you/widgets")
    assert (found.head, found.unknown) == (None, ("you/widgets is not seen with this token",))
    assert not list(obstacles(found))


@pytest.mark.parametrize("may", [True, False])
def test_a_fine_grained_token_is_asked_whether_it_may_write_and_writes_nothing(
    may: bool, github: Double, connect: Connect
) -> None:
    token = "github_pat_0123456789"
    github.tokens[token] = "ann"
    if not may:
        github.read_only.add(token)
    found = asked(connect, token=token)
    assert found.writes is may
    assert not github.pulls()


def test_an_archived_repository(github: Double, connect: Connect) -> None:
    github.archived = True
    assert "archived" in next(obstacles(asked(connect))).what


def test_sso_gives_its_address(github: Double, connect: Connect) -> None:
    github.sso.add(github.token)
    with pytest.raises(OrchestraError, match="single sign-on") as caught:
        asked(connect)
    assert "https://github.com/orgs/acme/sso" in caught.value.hint


def test_a_silence_is_unknown(github: Double, connect: Connect) -> None:
    github.fault(Fault.RESET)
    with pytest.raises(Unreachable):
        asked(connect)
