"""What GitHub itself concludes about a pull request: review decision, merge state, who may push."""

from __future__ import annotations

from support.github_double.records import Check, CommitStatus, Protection, Pull, Review
from support.github_double.state import WRITERS, State

GOOD = ("success", "neutral", "skipped")


def may_push(state: State, login: str, association: str) -> bool:
    """Whether this person may push, whatever the association that this token is shown."""
    permission = state.permissions.get(login, "write" if association in WRITERS else "read")
    return permission in ("admin", "maintain", "write")


def opinions(pull: Pull) -> list[Review]:
    """The latest opinion of each reviewer, in the order of the reviews; a comment takes none back."""
    latest: dict[str, Review] = {}
    for review in pull.reviews:
        if review.state != "COMMENTED":
            latest.pop(review.author, None)
            latest[review.author] = review
    return list(latest.values())


def protection(state: State, pull: Pull) -> Protection:
    return state.protection.get(pull.base, Protection())


def decision(state: State, pull: Pull) -> str | None:
    """GitHub's reviewDecision: null where no review is required and nobody who may push asked for changes."""
    found = [one for one in opinions(pull) if may_push(state, one.author, one.association)]
    rules = protection(state, pull)
    if not rules.reviews:
        return None
    if any(one.state == "CHANGES_REQUESTED" for one in found):
        return "CHANGES_REQUESTED"
    given = [one for one in found if one.state == "APPROVED" and (not rules.last_push or one.commit == pull.sha)]
    owned = not rules.code_owners or any(one.author in rules.code_owners for one in given)
    return "APPROVED" if owned and len(given) >= rules.reviews else "REVIEW_REQUIRED"


def checks_of(state: State, sha: str) -> tuple[list[Check], list[CommitStatus]]:
    return [one for one in state.checks if one.sha == sha], [one for one in state.statuses if one.sha == sha]


def merge_state(state: State, pull: Pull) -> str:
    """GitHub's mergeStateStatus, in lower case."""
    mergeable, rules = state.mergeable(pull), protection(state, pull)
    if mergeable is None:
        return "unknown"
    if not mergeable:
        return "dirty"
    if pull.draft:
        return "draft"
    checks, statuses = checks_of(state, pull.sha)
    good: dict[str, bool] = {}  # the newest of each name counts
    for check in sorted(checks, key=lambda one: one.at):
        if rules.apps.get(check.name, check.suite.app) == check.suite.app:
            good[check.name] = check.conclusion in GOOD
    good |= {one.context: one.state == "success" for one in statuses}
    open_threads = any(not thread.resolved for thread in pull.threads)
    if not all(good.get(name) for name in rules.checks) or (rules.conversations and open_threads):
        return "blocked"
    if rules.locked or decision(state, pull) in ("REVIEW_REQUIRED", "CHANGES_REQUESTED"):
        return "blocked"
    if rules.strict and state.refs.ahead(pull.sha, state.refs.heads()[pull.base]):
        return "behind"
    return "clean" if all(good.values()) else "unstable"
