"""One verdict on a pull request: what a careful colleague would say after looking at its page.

Pure: a record of facts and the time in, the verdict out, so the order of events never matters. Standard library only.
The rules are asked in order; the first that has something to say decides. docs/pull-requests.md shows the table.
"""

from __future__ import annotations

from orchestra.core.enums import StrEnum
from orchestra.core.models import COMING, Activity, ActivityState, Worker
from orchestra.core.pull_request import Check, CheckState, Head, Pull, Update
from orchestra.core.records import Record
from orchestra.core.text import age, clean, seconds_of

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

OLD_SECONDS = 300.0  # GitHub is asked every 15 to 60 seconds: an older answer says nothing about now
LAG_SECONDS = 60.0  # until GitHub shows what was pushed
LOST_SECONDS = 3600.0  # a check that was not reported for so long: nothing runs it for this branch
HANGING_SECONDS = (
    86_400.0  # a check that runs for so long hangs, or waits for somebody: Actions ends a job after 6 hours
)
LAST_SEEN = "; last seen: "  # behind it: what was known before GitHub said nothing more
MOST_NAMES = 3  # listed in a sentence; the rest is counted
RESTING = frozenset({ActivityState.WAITING, ActivityState.ENDED, ActivityState.LIMITED})


class Outcome(StrEnum):
    """Whose turn it is."""

    READY = "ready"  # for the user's review
    WAITING = "waiting"
    WORKER = "worker"  # the worker must do something
    USER = "user"  # the user must do something on GitHub that is not a review
    MERGED = "merged"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Topic(StrEnum):
    """What is waited for, or what must be done."""

    REVIEW = "review"
    CHECKS = "checks"
    CONFLICT = "conflict"
    SHIP = "ship"
    PUSH = "push"  # commits that somebody else pushed
    APPROVAL = "approval"  # of a workflow run or an environment
    DRAFT = "draft"
    BEHIND = "behind"
    BLOCKED = "blocked"
    QUEUE = "queue"
    MERGE = "merge"
    MERGEABILITY = "mergeability"
    AGENT = "agent"
    GUIDANCE = "guidance"
    GITHUB = "github"
    NOTHING = ""


class Facts(Record):
    """All that the verdict depends on. `trouble`: why GitHub is not asked now, or empty."""

    pull: Pull | None
    activity: Activity = Activity()  # of the agent
    queued: int = 0  # pieces of guidance that the agent has not been given yet
    trouble: str = ""
    heard: str = ""  # when GitHub last answered (a stamp): what it did not change is as old as that


class Verdict(Record):
    """Whose turn it is, about what, in a sentence; `since` when (a stamp, or empty); `notes`: what decides nothing.

    `last`: of an unknown one, what it was when GitHub last answered.
    """

    outcome: Outcome
    topic: Topic
    sentence: str
    since: str = ""
    notes: tuple[str, ...] = ()
    last: Outcome | None = None


def facts_of(worker: Worker, trouble: str = "", heard: str = "") -> Facts:
    """What a session file knows of a worker's pull request."""
    queued = sum(words.state in COMING for words in worker.guidance)
    return Facts(worker.pull, worker.activity, queued, trouble, heard)


def notes_of(worker: Worker, heard: str, now: float) -> tuple[str, ...]:
    """What is worth knowing of a worker's open pull request, and decides nothing."""
    return verdict(facts_of(worker, heard=heard), now).notes if worker.pull and worker.pull.state == "open" else ()


def verdict(facts: Facts, now: float) -> Verdict:
    """The verdict at `now` (epoch seconds)."""
    pull = facts.pull
    if pull is None:
        return Verdict(Outcome.UNKNOWN, Topic.GITHUB, "no pull request has been seen")
    if pull.state == "merged":
        return Verdict(Outcome.MERGED, Topic.NOTHING, merged_sentence(pull))
    if pull.state == "closed":
        return Verdict(Outcome.CLOSED, Topic.NOTHING, closed_sentence(pull))
    found = _rewound(pull, now) or _worker_turn(facts, pull) or _no_end_yet(facts, pull, now) or _user_turn(pull)
    found = found._replace(notes=_notes(pull, found))
    if pull.lost:
        said = f"{clean(pull.lost)}{LAST_SEEN}{found.sentence}"
        return Verdict(Outcome.UNKNOWN, Topic.GITHUB, said, pull.lost_since, (*found.notes, clean(pull.lost)))
    seen = max((time for stamped in (pull.observed_at, facts.heard) if (time := seconds_of(stamped))), default=None)
    if seen is not None and now - seen <= OLD_SECONDS:
        return found
    return _unknown(facts, found, None if seen is None else now - seen)


def closed_sentence(pull: Pull) -> str:
    """That it was closed without a merge, and by whom where that is known."""
    by = clean(pull.closed_by, 40)
    return "closed without a merge" + (f" by {by}" if by else "")


def merged_sentence(pull: Pull) -> str:
    """That it was merged, and what is left to do where the base is not the default branch."""
    if pull.by_hand:
        return f"closed, and {clean(pull.by_hand, 60)} holds its changes: merged by hand"
    if not pull.into:
        return "merged"
    into, default = clean(pull.into, 60), clean(pull.default_branch, 60)
    return f"merged into {into}: GitHub closes the issue only when the work reaches {default}"


def _worker_turn(facts: Facts, pull: Pull) -> Verdict | None:
    return _pushed(facts, pull) or _conflict(pull) or _failing(pull) or _asked(pull)


def _no_end_yet(facts: Facts, pull: Pull, now: float) -> Verdict | None:
    """Something outside runs, or must begin; the user may have to approve it."""
    outside = _approval(pull) or _lost(pull, now) or _queued(pull) or _pending(pull) or _unmerged(pull, now)
    return outside or _agent(facts, pull) or _behind(pull)


def _user_turn(pull: Pull) -> Verdict:
    return _archived(pull) or _draft(pull) or _unheard(pull) or _automatic(pull) or _blocked(pull) or _ready(pull)


def _unknown(facts: Facts, was: Verdict, old: float | None) -> Verdict:
    """GitHub has not been heard for too long: what was seen last, its age, and why."""
    how_old = "GitHub has not been asked yet" if old is None else f"GitHub was last heard {age(old)} ago"
    why = f" ({clean(facts.trouble)})" if facts.trouble else ""
    sentence = f"{how_old}{why}{LAST_SEEN}{was.sentence}"
    since = max(facts.heard, facts.pull.observed_at) if facts.pull else ""
    return Verdict(Outcome.UNKNOWN, Topic.GITHUB, sentence, since, was.notes, was.outcome)


# --- the worker's turn ----------------------------------------------------------------------------------------------


def _pushed(facts: Facts, pull: Pull) -> Verdict | None:
    """The branch here and the branch on GitHub differ."""
    if pull.head is Head.FOREIGN:
        said = f"somebody else pushed {pull.head_sha[:10]}: the worker must take it up"
        return Verdict(Outcome.WORKER, Topic.PUSH, said, pull.head_since)
    if pull.head is Head.AHEAD:
        return Verdict(Outcome.WORKER, Topic.SHIP, "the worker has commits that are not shipped", facts.activity.since)
    return None


def _rewound(pull: Pull, now: float) -> Verdict | None:
    """GitHub shows an earlier commit than the worker pushed: it lags behind, or somebody took the branch back."""
    if pull.head is not Head.REWOUND:
        return None
    if now - (seconds_of(pull.head_since) or now) < LAG_SECONDS:
        return Verdict(Outcome.WAITING, Topic.PUSH, "GitHub does not show the last push yet", pull.head_since)
    if pull.renamed:
        return _renamed(pull)
    said = f"somebody took the branch back to {pull.head_sha[:10]}: the worker's last push is not in it"
    return Verdict(Outcome.USER, Topic.PUSH, said, pull.head_since)


def _renamed(pull: Pull) -> Verdict:
    """The branch has another name on GitHub: what is pushed to the old one does not reach the pull request."""
    said = f"its branch was renamed to {clean(pull.renamed, 60)} on GitHub: the worker's last push is not in it"
    return Verdict(Outcome.USER, Topic.PUSH, said, pull.head_since)


def _conflict(pull: Pull) -> Verdict | None:
    if pull.mergeable is False or pull.merge_state == "dirty":
        return Verdict(Outcome.WORKER, Topic.CONFLICT, "it conflicts with its base branch", pull.head_since)
    return None


def _failing(pull: Pull) -> Verdict | None:
    failed = _in_state(pull, CheckState.FAILED)
    if not failed:
        return None
    verb = "fails" if len(failed) == 1 else "fail"
    said = f"{_counted(len(failed), 'check')} {verb}: {_names(failed)}"
    return Verdict(Outcome.WORKER, Topic.CHECKS, said, _since(failed, pull))


def _asked(pull: Pull) -> Verdict | None:
    """Something that people who count, or bots, ask for, and that the worker has not answered."""
    wanted = sorted(
        one.author for one in pull.reviews if one.state == "CHANGES_REQUESTED" and one.heard and not one.addressed
    )
    threads = sum(one.heard and not one.addressed for one in pull.threads)
    parts = [f"{_logins(wanted)} asked for changes"] if wanted else []
    parts += [f"{_counted(threads, 'thread')} to answer"] if threads else []
    parts += [f"{_counted(pull.untold, 'remark')} to be passed on"] if pull.untold and not parts else []
    return Verdict(Outcome.WORKER, Topic.REVIEW, ", ".join(parts), pull.observed_at) if parts else None


# --- the user's turn, at once ---------------------------------------------------------------------------------------


def _approval(pull: Pull) -> Verdict | None:
    held = _in_state(pull, CheckState.APPROVAL)
    if not held:
        return None
    return Verdict(Outcome.USER, Topic.APPROVAL, f"waits for an approval on GitHub: {_names(held)}", _since(held, pull))


def _lost(pull: Pull, now: float) -> Verdict | None:
    """A check that is not reported, or that does not end."""
    since, running = seconds_of(pull.head_since), _in_state(pull, CheckState.PENDING)
    if running:
        hanging = [
            check for check in running if now - (seconds_of(check.since or pull.head_since) or now) >= HANGING_SECONDS
        ]
        if not hanging:
            return None
        began = _since(hanging, pull)
        many = _counted(len(hanging), "check") + (" has" if len(hanging) == 1 else " have")
        said = f"{many} not ended for {age(now - (seconds_of(began) or now))}: {_names(hanging)}"
        return Verdict(Outcome.USER, Topic.CHECKS, said, began)
    lost = _in_state(pull, CheckState.MISSING)
    if not lost or since is None or now - since < LOST_SECONDS:
        return None
    must = [check for check in lost if check.required]
    said = f"{'required and ' if must else ''}not reported for {age(now - since)}: {_names(must or lost)}"
    return Verdict(Outcome.USER, Topic.CHECKS, said, pull.head_since)


# --- nobody's turn yet ----------------------------------------------------------------------------------------------


def _queued(pull: Pull) -> Verdict | None:
    if pull.in_queue:
        return Verdict(Outcome.WAITING, Topic.QUEUE, "in the merge queue", pull.observed_at)
    return None


def _pending(pull: Pull) -> Verdict | None:
    running, missing = _in_state(pull, CheckState.PENDING), _in_state(pull, CheckState.MISSING)
    if running:
        total = len(running) + len(missing) + pull.passed
        verb = "runs" if len(running) == 1 else "run"
        said = f"{len(running)} of {_counted(total, 'check')} {verb}: {_names(running)}"
        return Verdict(Outcome.WAITING, Topic.CHECKS, said, _since(running, pull))
    if missing:
        said = f"{_counted(len(missing), 'check')} not reported yet: {_names(missing)}"
        return Verdict(Outcome.WAITING, Topic.CHECKS, said, pull.head_since)
    if not pull.settled:
        said = "checks of this commit may still begin"
        return Verdict(Outcome.WAITING, Topic.CHECKS, said, pull.head_since)
    return None


def _unmerged(pull: Pull, now: float) -> Verdict | None:
    since = seconds_of(pull.head_since)
    if pull.mergeable is None and since is not None and now - since >= LOST_SECONDS:
        said = f"GitHub has not said for {age(now - since)} whether it merges"
        return Verdict(Outcome.USER, Topic.MERGEABILITY, said, pull.head_since)
    if pull.mergeable is None:
        said = "GitHub has not said yet whether it merges"
        return Verdict(Outcome.WAITING, Topic.MERGEABILITY, said, pull.head_since)
    return None


def _agent(facts: Facts, pull: Pull) -> Verdict | None:
    """What the agent has been told, or does now, may change everything."""
    if facts.queued:
        said = f"{_counted(facts.queued, 'message')} to be given to the agent"
        return Verdict(Outcome.WAITING, Topic.GUIDANCE, said, facts.activity.since)
    if facts.activity.state is ActivityState.UNKNOWN:
        return Verdict(Outcome.WAITING, Topic.AGENT, "what the agent does is not known", facts.activity.since)
    if facts.activity.state not in RESTING:
        return Verdict(Outcome.WAITING, Topic.AGENT, "the agent still works", facts.activity.since)
    if facts.activity.works_on:
        said = f"the agent waits for {facts.activity.background}"
        return Verdict(Outcome.WAITING, Topic.AGENT, said, facts.activity.since)
    if pull.head is Head.UNKNOWN:
        said = "the branch here could not be compared with the one on GitHub"
        return Verdict(Outcome.WAITING, Topic.SHIP, said, pull.observed_at)
    return None


def _behind(pull: Pull) -> Verdict | None:
    if pull.head is Head.UPDATED:
        said = "its base was merged into it on GitHub; the worktree follows"
        return Verdict(Outcome.WAITING, Topic.BEHIND, said, pull.head_since)
    if pull.merge_state != "behind":
        return None
    if pull.update is Update.AUTO:
        return Verdict(Outcome.WAITING, Topic.BEHIND, "out of date with its base; it is brought up to date")
    must = (
        "which GitHub refused to merge into it"
        if pull.update is Update.REFUSED
        else "which must be merged into it first"
    )
    return Verdict(Outcome.USER, Topic.BEHIND, f"out of date with its base branch, {must}")


# --- done, but for the user -----------------------------------------------------------------------------------------


def _archived(pull: Pull) -> Verdict | None:
    if pull.archived:
        return Verdict(Outcome.USER, Topic.BLOCKED, "the repository is archived: nothing can be merged there")
    return None


def _draft(pull: Pull) -> Verdict | None:
    if pull.draft:
        return Verdict(Outcome.USER, Topic.DRAFT, f"a draft, {_checks(pull)}: mark it as ready for review")
    return None


def _automatic(pull: Pull) -> Verdict | None:
    """Auto-merge is on: the user has decided already."""
    if not pull.auto_merge:
        return None
    if pull.review_decision in ("REVIEW_REQUIRED", "CHANGES_REQUESTED"):
        return Verdict(Outcome.WAITING, Topic.REVIEW, "auto-merge is on; GitHub waits for an approving review")
    if pull.threads and pull.conversations:
        said = f"auto-merge is on; GitHub waits until {_counted(len(pull.threads), 'thread')} is resolved"
        return Verdict(Outcome.USER, Topic.REVIEW, said.replace("threads is", "threads are"), pull.observed_at)
    if pull.merge_state == "blocked":
        return None  # by a rule that nobody but the user can satisfy: GitHub would wait without an end
    return Verdict(Outcome.WAITING, Topic.MERGE, "auto-merge is on; GitHub merges it by itself")


def _unheard(pull: Pull) -> Verdict | None:
    """A request for changes that blocks the merge on GitHub and was not passed on."""
    by = sorted(one.author for one in pull.reviews if one.state == "CHANGES_REQUESTED" and not one.heard)
    answered = any(one.state == "CHANGES_REQUESTED" and one.heard for one in pull.reviews)
    if pull.review_decision != "CHANGES_REQUESTED" or answered:
        return None
    said = f"{_logins(by)} asked for changes, which was not passed on" if by else "changes are requested on GitHub"
    return Verdict(Outcome.USER, Topic.REVIEW, said, pull.observed_at)


def _blocked(pull: Pull) -> Verdict | None:
    """Blocked by a rule that none of the facts explains."""
    explained = pull.review_decision in ("REVIEW_REQUIRED", "CHANGES_REQUESTED")
    if pull.merge_state != "blocked" or explained or (pull.threads and pull.conversations):
        return None
    parts = [_checks(pull), *_open_threads(pull)]
    said = f"{', '.join(parts)}, but a rule of the base branch blocks the merge: its page on GitHub says which"
    return Verdict(Outcome.USER, Topic.BLOCKED, said)


def _is_approved(pull: Pull) -> bool:
    """Where no review is required GitHub decides nothing; then somebody who counts approved, and nobody refused."""
    if pull.review_decision is not None:
        return pull.review_decision == "APPROVED"
    said = {one.state for one in pull.reviews if one.heard}
    return "APPROVED" in said and "CHANGES_REQUESTED" not in said


def _ready(pull: Pull) -> Verdict:
    parts = [_checks(pull), *_open_threads(pull)]
    if pull.threads and pull.conversations:
        parts += ["GitHub wants it resolved before the merge"]
    if _is_approved(pull):
        parts += ["approved"]
    elif pull.review_decision == "REVIEW_REQUIRED":
        parts += ["an approving review is required"]
    parts += ["taken out of the merge queue"] if pull.left_queue else []
    parts += [f"labelled {_listed(sorted(pull.holds))}"] if pull.holds else []
    return Verdict(Outcome.READY, Topic.REVIEW, ", ".join(parts), pull.head_since)


# --- words ----------------------------------------------------------------------------------------------------------


def _notes(pull: Pull, found: Verdict) -> tuple[str, ...]:
    """What decides nothing and is worth knowing."""
    ignored = sorted(row.name for row in pull.rows if row.state is CheckState.FAILED and not row.counts)
    notes = [f"failing, but not required: {_listed(ignored)}"] if ignored else []
    standing = sorted(one.author for one in pull.reviews if one.state == "CHANGES_REQUESTED" and one.addressed)
    if standing and found.outcome is Outcome.READY:
        notes += [
            f"{_logins(standing)} asked for changes; the worker shipped since, and the request is still open on GitHub"
        ]
    unheard = {one.author for one in pull.threads if not one.heard}
    unheard |= {one.author for one in pull.reviews if not one.heard and one.state != "APPROVED"}
    names = [clean(login, 40) or "a deleted account" for login in sorted(unheard)]
    notes += [f"{name} is not passed on to the worker: not a member" for name in names]
    notes += [f"{clean(login, 40)} disapproves, without words" for login in sorted(pull.frowns)]
    notes += ["the repository of its branch is gone, or hidden from this token"] if pull.orphan else []
    notes += [f"its branch was renamed to {clean(pull.renamed, 60)} on GitHub"] if pull.renamed else []
    notes += [f"{part} cannot be seen with this token" for part in sorted(pull.unseen)]
    if pull.partial:
        why = clean(pull.partial, 200)
        notes += [f"GraphQL says nothing now ({why}): review threads and merge queue are those seen last"]
    return tuple(notes)


def _in_state(pull: Pull, state: CheckState) -> list[Check]:
    """The checks that decide and are in this state, in an order that does not depend on GitHub's."""
    return sorted(row for row in pull.rows if row.counts and row.state is state)


def _checks(pull: Pull) -> str:
    return "checks pass" if pull.passed else "no checks"


def _open_threads(pull: Pull) -> list[str]:
    return [f"{_counted(len(pull.threads), 'thread')} open for you"] if pull.threads else []


def _names(checks: Iterable[Check]) -> str:
    return _listed(sorted({check.name for check in checks}))


def _listed(names: list[str]) -> str:
    shown = ", ".join(clean(name, 60) for name in names[:MOST_NAMES])
    return shown + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")


def _logins(logins: list[str]) -> str:
    return _listed(sorted(set(logins))) or "somebody"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _since(checks: Iterable[Check], pull: Pull) -> str:
    """When the first of them began."""
    return min((check.since for check in checks if check.since), default=pull.head_since)
