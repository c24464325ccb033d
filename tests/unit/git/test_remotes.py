"""Which remote is fetched, which is pushed to, which repository the pull request goes to: the table of the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.git.remotes import Address, Hosts, RemoteSettings, Wishes, choose, settings_of, ssh_hosts, told

pytestmark = pytest.mark.fast

ACME = "https://github.com/acme/widgets.git"
MINE = "git@github.com:me/widgets.git"
ALIASES = {
    "work": "github.com",
    "github.com-work": "github.com",
    "github-work": "ssh.github.com",
    "ghe": "ghe.corp.com",
}
KNOWN = Hosts(ALIASES, frozenset({"ghe.corp.com", "git.corp.com:8443"}))


def settings(config: Mapping[str, str | Sequence[str]]) -> RemoteSettings:
    """The settings of `{"remote.origin.url": URL, ...}`, as git lists them."""
    rows = [(key, [value] if isinstance(value, str) else value) for key, value in config.items()]
    return settings_of("".join(f"{key}\n{one}\0" for key, values in rows for one in values))


def remotes(**urls: str) -> dict[str, str | Sequence[str]]:
    return {f"remote.{name}.url": url for name, url in urls.items()}


# the git configuration, what else -> repository of the pull request, fetched, pushed to, repository pushed to
Expected = tuple[str, str | None, str | None, str]
TABLE: dict[str, tuple[dict[str, str | Sequence[str]], Mapping[str, object], Expected]] = {
    "origin alone": (remotes(origin=ACME), {}, ("acme/widgets", "origin", "origin", "acme/widgets")),
    "the only one, another name": (remotes(gh=ACME), {}, ("acme/widgets", "gh", "gh", "acme/widgets")),
    "upstream alone": (remotes(upstream=ACME), {}, ("acme/widgets", "upstream", "upstream", "acme/widgets")),
    "a remote with dots": (remotes(**{"a.b": ACME}), {}, ("acme/widgets", "a.b", "a.b", "acme/widgets")),
    "upstream beside my origin": (
        remotes(origin=MINE, upstream=ACME), {}, ("acme/widgets", "upstream", "origin", "me/widgets")),
    "upstream beside fork": (
        remotes(fork=MINE, upstream=ACME), {}, ("acme/widgets", "upstream", "fork", "me/widgets")),
    "upstream beside one other name": (
        remotes(me=MINE, upstream=ACME), {}, ("acme/widgets", "upstream", "me", "me/widgets")),
    "upstream beside two other names": (
        remotes(me=MINE, you="git@github.com:you/widgets", upstream=ACME), {},
        ("acme/widgets", "upstream", "upstream", "acme/widgets")),
    "github comes before origin": (
        remotes(origin="https://gitlab.com/acme/widgets", github=ACME), {},
        ("acme/widgets", "github", "github", "acme/widgets")),
    "origin elsewhere, one on GitHub": (
        remotes(origin="https://gitlab.com/acme/widgets", mirror=ACME), {},
        ("acme/widgets", "mirror", "mirror", "acme/widgets")),
    "origin and fork: git pushes to origin": (
        remotes(origin=ACME, fork=MINE), {}, ("acme/widgets", "origin", "origin", "acme/widgets")),
    "origin and fork, origin is closed to me": (
        remotes(origin=ACME, fork=MINE), {"closed": {"acme/widgets"}},
        ("acme/widgets", "origin", "fork", "me/widgets")),
    "closed to me, and two forks": (
        remotes(origin=ACME, fork=MINE, you="git@github.com:you/widgets"), {"closed": {"acme/widgets"}},
        ("acme/widgets", "origin", "origin", "acme/widgets")),
    "closed to me, but asked for": (
        {**remotes(origin=ACME, fork=MINE), "remote.pushdefault": "origin"}, {"closed": {"acme/widgets"}},
        ("acme/widgets", "origin", "origin", "acme/widgets")),
    "gh repo set-default: upstream": (
        {**remotes(origin=MINE, upstream=ACME), "remote.upstream.gh-resolved": "base"}, {},
        ("acme/widgets", "upstream", "origin", "me/widgets")),
    "gh repo set-default: origin": (
        {**remotes(origin=MINE, upstream=ACME), "remote.origin.gh-resolved": "base"}, {},
        ("me/widgets", "origin", "origin", "me/widgets")),
    "gh repo set-default: a repository without a remote": (
        {**remotes(origin=MINE), "remote.origin.gh-resolved": "acme/widgets"}, {},
        ("acme/widgets", "origin", "origin", "me/widgets")),
    "gh repo set-default: a repository with a remote": (
        {**remotes(origin=MINE, theirs=ACME), "remote.origin.gh-resolved": "github.com/Acme/Widgets"}, {},
        ("Acme/Widgets", "theirs", "theirs", "acme/widgets")),
    "gh repo set-default: nonsense": (
        {**remotes(origin=ACME), "remote.origin.gh-resolved": "../x"}, {},
        ("acme/widgets", "origin", "origin", "acme/widgets")),
    "remote.pushDefault": (
        {**remotes(origin=ACME, fork=MINE), "remote.pushdefault": "fork"}, {},
        ("acme/widgets", "origin", "fork", "me/widgets")),
    "branch.pushRemote before pushDefault": (
        {**remotes(origin=ACME, fork=MINE), "remote.pushdefault": "origin", "branch.issue-1.pushremote": "fork"}, {},
        ("acme/widgets", "origin", "fork", "me/widgets")),
    "pushRemote of another branch": (
        {**remotes(origin=ACME, fork=MINE), "branch.main.pushremote": "fork"}, {},
        ("acme/widgets", "origin", "origin", "acme/widgets")),
    "pushurl": (
        {**remotes(origin=ACME), "remote.origin.pushurl": MINE}, {}, ("acme/widgets", "origin", "origin", "me/widgets")),
    "pushurl of the same repository": (
        {**remotes(origin=ACME), "remote.origin.pushurl": "git@github.com:acme/widgets.git"}, {},
        ("acme/widgets", "origin", "origin", "acme/widgets")),
    "two pushurls": (
        {**remotes(origin=ACME), "remote.origin.pushurl": [MINE, "git@gitlab.com:me/w"]}, {},
        ("acme/widgets", "origin", "origin", "me/widgets")),
    "pushes to upstream are switched off": (
        {**remotes(origin=MINE, upstream=ACME), "remote.upstream.pushurl": "no_push"}, {},
        ("acme/widgets", "upstream", "origin", "me/widgets")),
    "pushes to origin are switched off": (
        {**remotes(origin=ACME, me=MINE), "remote.origin.pushurl": "DISABLED"}, {},
        ("acme/widgets", "origin", "me", "me/widgets")),
    "pushes are switched off for all but the fork": (
        {**remotes(origin=ACME, fork=MINE, you="git@github.com:you/widgets"), "remote.origin.pushurl": "/dev/null",
         "remote.you.pushurl": "no-pushing"}, {}, ("acme/widgets", "origin", "fork", "me/widgets")),
    "an emptied pushurl": (
        {**remotes(origin=ACME), "remote.origin.pushurl": [MINE, ""]}, {},
        ("acme/widgets", "origin", "origin", "acme/widgets")),
    "pushInsteadOf to ssh": (
        {**remotes(origin=ACME), "url.git@github.com:.pushinsteadof": "https://github.com/"}, {},
        ("acme/widgets", "origin", "origin", "acme/widgets")),
    "pushInsteadOf to my fork": (
        {**remotes(origin=ACME), "url.git@github.com:me/.pushinsteadof": "https://github.com/acme/"}, {},
        ("acme/widgets", "origin", "origin", "me/widgets")),
    "pushInsteadOf leaves a pushurl alone": (
        {**remotes(origin=ACME), "remote.origin.pushurl": "https://github.com/me/widgets",
         "url.git@github.com:you/.pushinsteadof": "https://github.com/me/"}, {},
        ("acme/widgets", "origin", "origin", "me/widgets")),
    "insteadOf, short form": (
        {**remotes(origin="gh:acme/widgets"), "url.https://github.com/.insteadof": "gh:"}, {},
        ("acme/widgets", "origin", "origin", "acme/widgets")),
    "insteadOf, longest prefix": (
        {**remotes(origin="gh:acme/widgets"), "url.https://github.com/.insteadof": "gh:",
         "url.https://github.com/other-.insteadof": "gh:acme"}, {},
        ("other-/widgets", "origin", "origin", "other-/widgets")),
    "insteadOf to a directory": (
        {**remotes(origin=ACME), "url./srv/mirror/.insteadof": "https://github.com/"}, {},
        ("acme/widgets", "origin", "origin", "acme/widgets")),
    "ssh alias": (
        remotes(origin="git@work:acme/widgets.git"), {}, ("acme/widgets", "origin", "origin", "acme/widgets")),
    "ssh alias with a dot": (
        remotes(origin="git@github.com-work:acme/widgets"), {}, ("acme/widgets", "origin", "origin", "acme/widgets")),
    "ssh alias of ssh.github.com": (
        remotes(origin="github-work:acme/widgets"), {}, ("acme/widgets", "origin", "origin", "acme/widgets")),
    "ssh alias beside https": (
        remotes(origin="ssh://git@work/me/widgets", upstream=ACME), {},
        ("acme/widgets", "upstream", "origin", "me/widgets")),
    "github.repo": (
        remotes(origin=MINE), {"wishes": Wishes("acme/widgets")}, ("acme/widgets", "origin", "origin", "me/widgets")),
    "github.repo with a remote": (
        remotes(origin=MINE, main=ACME), {"wishes": Wishes("github.com/acme/widgets")},
        ("acme/widgets", "main", "main", "acme/widgets")),
    "github.remote": (
        remotes(origin=MINE, upstream=ACME), {"wishes": Wishes(None, "origin")},
        ("me/widgets", "origin", "origin", "me/widgets")),
    "github.push_remote": (
        remotes(origin=ACME, fork=MINE), {"wishes": Wishes(None, None, "fork")},
        ("acme/widgets", "origin", "fork", "me/widgets")),
    "github.push_remote before pushDefault": (
        {**remotes(origin=ACME, fork=MINE), "remote.pushdefault": "origin"}, {"wishes": Wishes(None, None, "fork")},
        ("acme/widgets", "origin", "fork", "me/widgets")),
    "not GitHub": (
        remotes(origin="https://gitlab.com/acme/widgets"), {}, ("acme/widgets", "origin", "origin", "acme/widgets")),
    "a directory": (remotes(origin="/srv/git/widgets.git"), {}, ("", "origin", "origin", "")),
    "two directories": (remotes(a="/srv/a", b="/srv/b"), {}, ("", None, None, "")),
    "no remote": ({}, {}, ("", None, None, "")),
    "no remote, github.repo": ({}, {"wishes": Wishes("acme/widgets")}, ("acme/widgets", None, None, "")),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_what_is_chosen(case: str) -> None:
    config, more, expected = TABLE[case]
    found = choose(settings(config), **{"wishes": Wishes(), "hosts": KNOWN, "branch": "issue-1", **more})  # type: ignore[arg-type]
    slugs = [one.slug if one else "" for one in (found.base, found.head)]
    assert (slugs[0], found.fetch, found.push, slugs[1]) == expected
    assert not found.problem
    assert all(told(found))


HOSTS = {
    "https://github.com/a/b": ("github.com", True),
    "https://GitHub.com/a/b": ("github.com", True),
    "git@github.com:a/b": ("github.com", True),
    "ssh://git@ssh.github.com:443/a/b": ("github.com", True),
    "ssh://git@ssh.acme.ghe.com:443/a/b": ("acme.ghe.com", True),
    "acme@acme.ghe.com:a/b": ("acme.ghe.com", True),
    "git@ssh.github.com:a/b": ("github.com", True),
    "git@work:a/b": ("github.com", True),
    "git@ghe:a/b": ("ghe.corp.com", True),
    "https://ghe/a/b": ("ghe", False),  # an alias is for ssh
    "https://acme.ghe.com/a/b": ("acme.ghe.com", True),
    "https://github.corp.com/a/b": ("github.corp.com", True),
    "https://ghe.corp.com/a/b": ("ghe.corp.com", True),  # gh is logged in there
    "https://git.corp.com:8443/a/b": ("git.corp.com:8443", True),
    "https://git.corp.com/a/b": ("git.corp.com", False),
    "https://gitlab.com/a/b": ("gitlab.com", False),
    "git@github-other:a/b": ("github-other", False),  # an alias that ssh does not know
}


@pytest.mark.parametrize("url", HOSTS)
def test_which_host_it_is_and_whether_it_is_a_github(url: str) -> None:
    found = choose(settings(remotes(origin=url)), Wishes(), KNOWN)
    assert (found.base.host if found.base else "", found.on_github) == HOSTS[url]
    every = choose(settings(remotes(origin=url)), Wishes(), KNOWN._replace(every=True))
    assert every.on_github


def test_only_hosts_of_ssh_are_asked_for_and_none_that_is_known() -> None:
    listed = {
        **remotes(origin="git@work:a/b", b="https://other/a/b", c="git@github.com:a/b", d="short:a/b"),
        "url.git@deep:.insteadof": "short:",
    }
    assert ssh_hosts(settings(listed), KNOWN) == {"work", "short", "deep"}


@pytest.mark.parametrize(
    ("wishes", "problem"),
    [
        (Wishes(None, "nope"), "github.remote names nope, which is not a remote"),
        (Wishes(None, None, "nope"), "github.push_remote names nope, which is not a remote"),
    ],
)
def test_a_remote_that_is_not_there_is_said(wishes: Wishes, problem: str) -> None:
    found = choose(settings(remotes(origin=ACME)), wishes, KNOWN)
    assert found.problem == problem
    assert "orchestra.yaml" in found.hint


def test_where_all_pushes_are_switched_off_it_is_said() -> None:
    found = choose(settings({**remotes(origin=ACME), "remote.origin.pushurl": "no_push"}), Wishes(), KNOWN)
    assert found.problem == "pushes to origin are switched off (remote.origin.pushurl is no_push)"
    assert "push_remote: NAME" in found.hint


def test_a_push_to_another_host_is_said() -> None:
    listed = {**remotes(origin=ACME, lab="git@gitlab.com:me/widgets"), "remote.pushdefault": "lab"}
    found = choose(settings(listed), Wishes(), KNOWN)
    assert "pushed to lab, which is on gitlab.com and not on github.com" in found.problem


def test_what_was_chosen_is_told_with_the_reason() -> None:
    found = choose(settings(remotes(origin=MINE, upstream=ACME)), Wishes(), KNOWN)
    assert list(told(found)) == [
        "issues and pull requests: acme/widgets on github.com (the remote upstream comes before origin)",
        "bases are fetched from upstream",
        "branches are pushed to origin: me/widgets (origin is the fork beside upstream); pull requests come from me:BRANCH",
    ]


NAMES = st.sampled_from(["origin", "upstream", "fork", "github", "x.y", ""])
URLS = st.sampled_from([ACME, MINE, "git@work:a/b", "/srv/x", "https://gitlab.com/a/b", "", "ext::sh -c id", "gh:a/b"])


@given(st.dictionaries(NAMES, URLS), st.dictionaries(NAMES, URLS), NAMES, NAMES, st.booleans())
def test_any_configuration_has_an_answer(
    urls: dict[str, str], pushes: dict[str, str], default: str, wish: str, every: bool
) -> None:
    listed = {
        **remotes(**urls),
        **{f"remote.{name}.pushurl": url for name, url in pushes.items()},
        "remote.pushdefault": default,
    }
    known = settings(listed)
    found = choose(known, Wishes(push_remote=wish or None), KNOWN._replace(every=every))
    names = {one.name for one in known.remotes}
    assert {found.fetch, found.push} <= {*names, None}
    assert (found.fetch is None) is (found.push is None)
    assert not found.is_fork or found.base != found.head
    list(told(found))


def test_large_and_small_letters_are_one_repository() -> None:
    assert Address("github.com", "Acme", "Widgets").is_same(Address("github.com", "acme", "widgets"))
