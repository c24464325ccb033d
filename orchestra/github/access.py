"""What GitHub says of a token and its repositories before work begins, and what of it a ship would be refused for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestra.core.records import Record
from orchestra.core.text import age, clean
from orchestra.errors import OrchestraError, Unreachable
from orchestra.github.client import ApiClient
from orchestra.github.operations import Operations
from orchestra.github.responses import Invalid, Missing, optional, required

SOON = 3600.0  # a token that ends within so many seconds may end before the work does
FINE_GRAINED = ("github_pat_", "ghs_", "ghu_")  # their permissions are not listed anywhere


class Seen(Record):
    """A repository as a token sees it. `push` None: GitHub does not say."""

    slug: str  # as it is called now
    push: bool | None = None
    archived: bool = False
    disabled: bool = False
    issues: bool = True
    private: bool = False
    default_branch: str = ""
    pulls: bool = True


class Access(Record):
    """What was asked. `base`: where the pull request goes; `head`: what is pushed to. None: `unknown` says why.

    `writes`: whether the token may open a pull request; None: not known. `lasts`: seconds until it ends, if it does.
    """

    base: Seen | None
    head: Seen | None
    login: str = ""
    source: str = ""
    scopes: tuple[str, ...] | None = None
    lasts: float | None = None
    renewed: bool = False  # by `github.token_command`, whenever it is refused
    writes: bool | None = None
    unknown: tuple[str, ...] = ()


class Obstacle(Record):
    """What a ship would be refused for, or may be: a sentence and the next command. `certain`: it will be."""

    what: str
    hint: str
    certain: bool = True


def ask(client: ApiClient, base: str, head: str, now: float) -> Access:
    """Ask who the token is of and what it may do in both repositories; at most four requests, three of them free.

    Raises OrchestraError where GitHub refuses the token, Unreachable where it does not answer.
    """
    found, unknown = _seen(client, base), []
    theirs: Seen | None = found
    if head.lower() != base.lower():
        try:
            theirs = _seen(client, head)
        except Missing:  # git may reach it all the same, by ssh
            theirs = None
            unknown.append(f"{head} is not seen with this token")
    owner, _, name = base.partition("/")
    operations = Operations(client, owner, name)
    try:
        login = required(operations.ask("users.get_authenticated"), str, "login")
    except Unreachable:
        raise
    except OrchestraError:  # the token of an app does not belong to a user
        login = ""
    lasts = client.expires - now if client.expires else None
    fine = (client.token or "").startswith(FINE_GRAINED)
    return Access(
        found, theirs, clean(login, 60), client.source, client.scopes, lasts,
        renewed=client.source == "token_command",
        writes=_may_write(operations, found) if fine and not found.archived else None,
        unknown=tuple(unknown),
    )  # fmt: skip


def obstacles(access: Access) -> Iterator[Obstacle]:
    """What a ship would be refused for. Pure."""
    base, head = access.base, access.head
    for one in dict.fromkeys(filter(None, (base, head))):
        if one.archived:
            yield Obstacle(f"{one.slug} is archived: nothing can be pushed there", "unarchive it on GitHub")
        elif one.disabled:
            yield Obstacle(f"{one.slug} is disabled on GitHub", "its owner finds the reason in its settings on GitHub")
    if base is not None and not base.pulls:
        yield Obstacle(f"pull requests are disabled in {base.slug}", "enable them in its settings on GitHub")
    if head is not None and head.push is False and not head.archived:
        yield Obstacle(f"{access.login or 'this token'} may not push to {head.slug}", _other_target(access, head))
    if access.scopes is not None and not _is_enough(access.scopes, base, head):
        have = ", ".join(access.scopes) or "no scope"
        yield Obstacle(f"the token has {have}, and not the scope repo", _renew(access, "gh auth refresh -s repo"))
    if access.writes is False and base is not None:
        what = f"the token may not open pull requests in {base.slug}"
        yield Obstacle(what, _renew(access, "give it Pull requests: write and Contents: write on GitHub"))
    if access.lasts is not None and access.lasts < SOON and not access.renewed:
        what = "the token has ended" if access.lasts <= 0 else f"the token ends in {age(access.lasts)}"
        yield Obstacle(what, _renew(access, "gh auth login, or set a newer one"), certain=access.lasts <= 0)


def told(access: Access) -> Iterator[str]:
    """Who the token is of and what it may do, in sentences; what is not known is said to be unknown."""
    whose = f"of {access.login}" if access.login else "of an app, or its user is not known"
    scopes = f", scopes {', '.join(access.scopes)}" if access.scopes else ""
    ends = f", ends in {age(access.lasts)}" if access.lasts is not None and access.lasts > 0 else ""
    yield f"token: {whose} (from {access.source}){scopes}{ends}"
    if access.head is not None:
        may = {True: "may push to", False: "may not push to", None: "it is not known whether it may push to"}
        yield f"token: {may[access.head.push]} {access.head.slug}"
    yield from (f"not known: {one}" for one in access.unknown)


def _is_enough(scopes: tuple[str, ...], base: Seen | None, head: Seen | None) -> bool:
    """Whether one of a classic token's scopes lets it write; the token of an app has none, and permissions instead."""
    private = any(one.private for one in (base, head) if one is not None)
    return "repo" in scopes or ("public_repo" in scopes and not private)


def _other_target(access: Access, head: Seen) -> str:
    if access.base is not None and access.base.slug.lower() != head.slug.lower():
        return "name another remote to push to: github: {push_remote: NAME} in orchestra.yaml"
    return f"push to a fork: gh repo fork {head.slug} --remote; or ask its owner for the right to push"


def _renew(access: Access, usual: str) -> str:
    if access.source == "gh" or "gh auth" not in usual:
        return usual
    return f"{usual}; this one is from {'an earlier command' if access.source == 'kept' else access.source}"


def _seen(client: ApiClient, slug: str) -> Seen:
    owner, _, name = slug.partition("/")
    answer = Operations(client, owner, name).ask("repos.get")
    return Seen(
        slug=clean(required(answer, str, "full_name"), 200),
        push=_push_right(answer),
        archived=optional(answer, bool, "archived") or False,
        disabled=optional(answer, bool, "disabled") or False,
        issues=optional(answer, bool, "has_issues") is not False,
        private=optional(answer, bool, "private") or False,
        default_branch=clean(optional(answer, str, "default_branch") or "", 200),
        pulls=optional(answer, bool, "has_pull_requests") is not False,
    )


def _push_right(answer: Any) -> bool | None:
    """Whether the token's user may push. To the token of an app GitHub says no to everything, even to what it does."""
    if not optional(answer, dict, "permissions") or not optional(answer, bool, "permissions", "pull"):
        return None
    return optional(answer, bool, "permissions", "push")


def _may_write(operations: Operations, base: Seen) -> bool | None:
    """Whether the token may open pull requests: the right is asked before the content, which opens none.

    A pull request of a branch into itself is always refused as invalid (422), and without the right as forbidden (403).
    """
    branch = base.default_branch
    if not branch:
        return None
    try:
        operations.ask("pulls.create", head=branch, base=branch, title="a question about permissions")
    except Invalid:
        return True
    except Unreachable:
        return None
    except OrchestraError:
        return False
    return None
