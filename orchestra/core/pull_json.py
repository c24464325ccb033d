"""A pull request <-> its JSON in session files and journals. Standard library only: the hook lives on this module."""

from __future__ import annotations

from orchestra.core.json_fields import list_at, mapping, text_at, text_or_none, typed, typed_or
from orchestra.core.pull_request import Check, Checks, CheckState, Head, Pull, Review, Thread, Update

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def pull_json(pull: Pull | None) -> dict[str, Any] | None:
    """A pull request as the session file and the journal hold it."""
    if pull is None:
        return None
    return {
        "number": pull.number,
        "state": pull.state,
        "headSha": pull.head_sha,
        "checks": pull.checks.value,
        "reviewDecision": pull.review_decision,
        "unresolved": pull.unresolved,
        "mergeable": pull.mergeable,
        "observedAt": pull.observed_at,
        "draft": pull.draft,
        "mergeState": pull.merge_state,
        "inQueue": pull.in_queue,
        "leftQueue": pull.left_queue,
        "into": pull.into,
        "defaultBranch": pull.default_branch,
        "autoMerge": pull.auto_merge,
        "head": pull.head.value,
        "headSince": pull.head_since,
        "settled": pull.settled,
        "passed": pull.passed,
        "rows": [_row_json(row) for row in pull.rows],
        "threads": [thread._asdict() for thread in pull.threads],
        "reviews": [review._asdict() for review in pull.reviews],
        "untold": pull.untold,
        "conversations": pull.conversations,
        "update": pull.update.value,
        "unseen": list(pull.unseen),
        "byHand": pull.by_hand,
        "renamed": pull.renamed,
        "archived": pull.archived,
        "holds": list(pull.holds),
        "frowns": list(pull.frowns),
        "orphan": pull.orphan,
        "lost": pull.lost,
        "lostSince": pull.lost_since,
        "closedBy": pull.closed_by,
        "partial": pull.partial,
    }


def pull_from_json(value: Any) -> Pull | None:
    """A pull request from its JSON, or None for null."""
    if value is None:
        return None
    found = mapping(value)
    return Pull(
        number=typed(found, "number", int),
        state=text_at(found, "state"),
        head_sha=text_at(found, "headSha", ""),
        checks=Checks(found.get("checks", "none")),
        review_decision=text_or_none(found, "reviewDecision"),
        unresolved=None if found.get("unresolved") is None else typed(found, "unresolved", int),
        mergeable=None if found.get("mergeable") is None else typed(found, "mergeable", bool),
        observed_at=text_at(found, "observedAt", ""),
        draft=typed_or(found, "draft", False),
        merge_state=text_at(found, "mergeState", ""),
        in_queue=typed_or(found, "inQueue", False),
        left_queue=typed_or(found, "leftQueue", False),
        into=text_at(found, "into", ""),
        default_branch=text_at(found, "defaultBranch", ""),
        auto_merge=typed_or(found, "autoMerge", False),
        head=Head(found.get("head", "same")),
        head_since=text_at(found, "headSince", ""),
        settled=typed_or(found, "settled", True),
        passed=typed_or(found, "passed", 0),
        rows=tuple(_row(mapping(one)) for one in list_at(found, "rows")),
        threads=tuple(_thread(mapping(one)) for one in list_at(found, "threads")),
        reviews=tuple(_review(mapping(one)) for one in list_at(found, "reviews")),
        untold=typed_or(found, "untold", 0),
        conversations=typed_or(found, "conversations", False),
        update=Update(text_at(found, "update", "auto")),
        unseen=tuple(map(str, list_at(found, "unseen"))),
        by_hand=text_at(found, "byHand", ""),
        renamed=text_at(found, "renamed", ""),
        archived=typed_or(found, "archived", False),
        holds=tuple(map(str, list_at(found, "holds"))),
        frowns=tuple(map(str, list_at(found, "frowns"))),
        orphan=typed_or(found, "orphan", False),
        lost=text_at(found, "lost", ""),
        lost_since=text_at(found, "lostSince", ""),
        closed_by=text_at(found, "closedBy", ""),
        partial=text_at(found, "partial", ""),
    )


def _row_json(row: Check) -> dict[str, Any]:
    return {**row._asdict(), "state": row.state.value}


def _row(found: Mapping[str, Any]) -> Check:
    return Check(
        name=text_at(found, "name"),
        state=CheckState(found["state"]),
        counts=typed_or(found, "counts", True),
        required=typed_or(found, "required", False),
        since=text_at(found, "since", ""),
    )


def _thread(found: Mapping[str, Any]) -> Thread:
    return Thread(text_at(found, "author"), typed_or(found, "heard", True), typed_or(found, "addressed", False))


def _review(found: Mapping[str, Any]) -> Review:
    heard, addressed = typed_or(found, "heard", True), typed_or(found, "addressed", False)
    return Review(text_at(found, "author"), text_at(found, "state"), heard, addressed)
