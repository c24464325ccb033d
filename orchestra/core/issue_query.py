"""Which issues a query means: labels, milestone, assignee, author, words. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from orchestra.core.models import Issue
from orchestra.core.records import Record

_QUALIFIERS = ("label", "milestone", "assignee", "author", "no", "is", "state")


class IssueQuery(Record):
    """What an issue must have: all the labels, and the milestone, assignee and text where they are given."""

    labels: tuple[str, ...] = ()
    milestone: str = ""
    assignee: str = ""  # a login
    text: str = ""  # in the tracker's own search language


def matches(issue: Issue, query: IssueQuery) -> bool:
    """Whether an issue has all that is asked of it; `text` is the tracker's to judge."""
    labels = {label.casefold() for label in issue.labels}
    return (
        all(label.casefold() in labels for label in query.labels)
        and query.milestone.casefold() in ("", issue.milestone.casefold())
        and (not query.assignee or query.assignee.casefold() in map(str.casefold, issue.assignees))
    )


def oldest_first(issues: Iterable[Issue]) -> list[Issue]:
    """By number, each once."""
    found = {issue.number: issue for issue in issues}
    return sorted(found.values(), key=lambda issue: int(issue.number))


def found_in(issue: Issue, terms: Sequence[str]) -> bool:
    """Whether an issue of a tracker without a search has every term: a word of its text, `label:bug`, `-label:bug`."""
    return all(_has(issue, term.removeprefix("-")) is not term.startswith("-") for term in terms if term.strip("-"))


def terms_of(text: str) -> list[str]:
    """The terms of a query; raises ValueError where its quotes do not match, or for a qualifier that is not known."""
    terms = shlex.split(text)
    for term in terms:
        name, colon, _ = term.removeprefix("-").partition(":")
        if colon and name.isalpha() and name not in _QUALIFIERS:
            raise ValueError(f"{name}: is not known; known are {', '.join(_QUALIFIERS)}")
    return terms


def _has(issue: Issue, term: str) -> bool:
    name, colon, value = term.partition(":")
    value = value.casefold()
    if not colon or name not in _QUALIFIERS:
        return term.casefold() in f"{issue.title}\n{issue.body}".casefold()
    if name == "label":
        return value in map(str.casefold, issue.labels)
    if name == "assignee":
        return value in map(str.casefold, issue.assignees)
    if name == "no":
        return not {"label": issue.labels, "assignee": issue.assignees, "milestone": issue.milestone}.get(value, "?")
    if name in ("is", "state"):
        return value in ("issue", issue.state)
    return value == (issue.milestone if name == "milestone" else issue.author).casefold()
