"""What the monitor concludes, as functions of records: no project, no clock, no request. The edges act on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from orchestra.core.checks import CheckRun, HeadChecks, head_checks, newest_runs, state_of, waiting_for_people
from orchestra.core.models import Status, Worker
from orchestra.core.pull_request import CheckState, Head, Pull, Review, Thread, Update
from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.remarks import (
    MARK,
    Conversation,
    Kind,
    Remark,
    Voices,
    asks,
    conversations,
    is_addressed,
    is_frown,
    withdrawn_requests,
)
from orchestra.core.text import clean, seconds_of, stamp
from orchestra.monitor import feedback
from orchestra.monitor.feedback import FailingCheck, Item

if TYPE_CHECKING:
    from orchestra.config.schema import Config
    from orchestra.github.graph import BaseFacts, CheckDetail, PullFacts
    from orchestra.github.poll_parsing import PullSeen

EXPECT_SECONDS = 120.0  # until a check that an earlier head or the base had is believed to have gone
NO_CHECKS_SECONDS = 600.0  # the same for a head without any check, where earlier heads or the base had some
HOLDS = regex(  # labels that a team sets so that nobody merges yet
    r"\b(?:do[- _]?not[- _]?merge|don'?t[- _]?merge|dnm|no[- _]?merge|(?:on[- _]?)?hold|blocked|wip"
    r"|work[- _]in[- _]progress)\b",
    re.IGNORECASE,
)
MOST_NAMES = 200  # of checks kept from earlier heads


class Observation(Record):
    """A worker's pull request with all that was asked about it. `first`: by thread, the numbers of its comments."""

    facts: PullFacts
    base: BaseFacts
    remarks: tuple[Remark, ...]
    first: Mapping[str, tuple[int, ...]]
    head: Head
    author: str = ""
    archived: bool = False


def own_pull(
    worker: Worker, seen: Iterable[PullSeen], head_repo: str | None, is_ours: Callable[[str], bool]
) -> PullSeen | None:
    """The worker's pull request among those listed: the recorded one, or an open one of its branch with its commits.

    Where the recorded one was closed, an open one that was opened by hand instead of it is followed.

    `head_repo`: the fork that its branch is pushed to; None: the repository itself, whatever its name is by now.

    `is_ours`: whether a head commit descends from what this worker pushed, or is among its own commits. A colleague's
    pull request from a branch of the same name is not the worker's.
    """
    rows = list(seen)
    recorded = next((row for row in rows if worker.pull and row.number == worker.pull.number), None)
    if worker.pull is not None and (recorded.state if recorded else worker.pull.state) != "closed":
        return recorded
    found = [
        row
        for row in rows
        if row.state == "open"
        and row.head_ref == worker.branch
        and row.head_repo.lower() == (row.base_repo if head_repo is None else head_repo).lower()
    ]
    return max((row for row in found if is_ours(row.head_sha)), key=lambda row: row.number, default=recorded)


def pull_of(worker: Worker, seen: Observation, voices: Voices, config: Config, now: float) -> Pull:
    """All that is known of a pull request, as the verdict judges it."""
    facts = seen.facts
    since = head_since(worker, facts.head_sha, now)
    checks = checks_of(worker, seen, config.checks.ignore, now - (seconds_of(since) or now))
    threads = open_threads(worker, seen, voices)
    return Pull(
        number=facts.number,
        state=facts.state,
        head_sha=facts.head_sha,
        checks=checks.state,
        review_decision=facts.decision or _missing_review(seen),
        unresolved=None if facts.threads is None else len(threads),
        mergeable=facts.mergeable,
        observed_at=stamp(now),
        draft=facts.draft,
        merge_state=facts.merge_state,
        in_queue=facts.in_queue,
        left_queue=left_queue(worker.pull, facts),
        auto_merge=facts.auto_merge,
        head=seen.head,
        head_since=since,
        settled=now - (seconds_of(since) or now) >= config.checks.settle,
        passed=checks.passed,
        rows=checks.rows,
        threads=threads,
        reviews=reviews(worker, seen, voices),
        untold=len(untold(worker, seen, voices)),
        conversations=seen.base.conversations,
        update=update_of(worker.pull, facts, Update(config.pull_request.update)),
        unseen=tuple(sorted(facts.unseen)),
        partial=clean(facts.partial, 200),
        holds=tuple(sorted(clean(label, 60) for label in facts.labels if HOLDS.search(label))),
        frowns=frowns(seen, voices),
        orphan=not facts.head_repo,
        renamed="" if facts.head_ref == worker.branch else clean(facts.head_ref, 200),
        archived=seen.archived,
    )


def _missing_review(seen: Observation) -> str | None:
    """REST gives no decision: without an approval one is missing where the rules of the base ask for some."""
    approved = sum(one.state == "APPROVED" for one in seen.facts.opinions)
    blocked = seen.facts.merge_state == "blocked"
    return "REVIEW_REQUIRED" if blocked and approved < seen.base.reviews else None


def frowns(seen: Observation, voices: Voices) -> tuple[str, ...]:
    """Who disapproves by a sign alone, and has not approved."""
    signs = {
        one.author for one in seen.remarks if is_frown(one) and voices.hears(one.author, one.association, bot=one.bot)
    }
    approved = {one.author for one in seen.facts.opinions if one.state == "APPROVED"}
    return tuple(sorted(clean(login, 40) for login in {*signs, *seen.facts.frowns} - approved))


def lost(before: Pull, why: str, now: float) -> Pull:
    """The pull request as it was seen last, and why GitHub does not show it now."""
    return before._replace(lost=clean(why, 300), lost_since=before.lost_since or stamp(now))


def head_since(worker: Worker, sha: str, now: float) -> str:
    """When this head commit was first seen. A clock that was set back does not put it into the future."""
    before = worker.pull
    known = before.head_since if before and before.head_sha == sha else ""
    return known if known and (seconds_of(known) or now) <= now else stamp(now)


def update_of(before: Pull | None, facts: PullFacts, wanted: Update) -> Update:
    """Who brings it up to date; what GitHub refused for this head stays refused."""
    refused = before is not None and before.head_sha == facts.head_sha and before.update is Update.REFUSED
    return Update.REFUSED if refused and wanted is Update.AUTO else wanted


def left_queue(before: Pull | None, facts: PullFacts) -> bool:
    """Whether the merge queue had this head, and put it out without a merge."""
    if before is None or facts.in_queue or before.head_sha != facts.head_sha:
        return False
    return before.in_queue or before.left_queue


def checks_of(worker: Worker, seen: Observation, ignored: Sequence[str], age: float) -> HeadChecks:
    """The checks of the head. For a while those that earlier heads had, or else the base, are waited for."""
    known, wait = worker.green or seen.base.names, EXPECT_SECONDS
    if known and not seen.facts.checks:
        wait = NO_CHECKS_SECONDS
    return head_checks(
        [waiting_for_people(one.run, one.summary) for one in seen.facts.checks],
        seen.facts.suites,
        required=seen.base.required,
        expected=known if age < wait else (),
        ignored=ignored,
        blocked=seen.facts.merge_state == "blocked",
    )


def names_to_expect(worker: Worker, seen: Observation, pull: Pull) -> tuple[str, ...]:
    """The names of the checks that the next head is expected to have; none while this head does not show them.

    Those of a head that is green; one that fails may not have come to all of its checks.
    """
    names = {one.run.name for one in seen.facts.checks}
    if any(row.counts and row.state is CheckState.FAILED for row in pull.rows):
        return tuple(sorted(names | set(worker.green))[:MOST_NAMES])
    waits = any(row.counts for row in pull.rows)
    return tuple(sorted(names)[:MOST_NAMES]) if not waits and pull.settled else ()


def reviews(worker: Worker, seen: Observation, voices: Voices) -> tuple[Review, ...]:
    """The latest opinions, and whether the worker shipped after it heard of them."""
    met = addressed(worker)
    return tuple(
        Review(one.author, one.state, _heard(one.author, one.association, one.pushes, voices, bot=one.bot),
               f"review:{one.id}" in met)
        for one in seen.facts.opinions
        if one.state in ("APPROVED", "CHANGES_REQUESTED")
    )  # fmt: skip


def _heard(author: str, association: str, pushes: bool | None, voices: Voices, *, bot: bool) -> bool:
    """What a deleted account said cannot be told under its name: it is for the user."""
    return bool(author) and (bool(pushes) or voices.hears(author, association, bot=bot))


def addressed(worker: Worker) -> frozenset[str]:
    """The ids of the remarks that the worker had been told of when it last shipped, or has replied to."""
    return frozenset(one.partition("~")[0] for one in worker.addressed)


def _talks(remarks: Iterable[Remark]) -> dict[int, Conversation]:
    """The inline threads by the numbers of all their comments: the first one may have been deleted."""
    found = conversations(remarks)
    return {talk.root: talk for talk in found} | {one.number: talk for talk in found for one in talk.remarks}


def open_threads(worker: Worker, seen: Observation, voices: Voices) -> tuple[Thread, ...]:
    """The threads that are not resolved, by who began them; where GitHub does not say, those not yet addressed."""
    talks, met = _talks(seen.remarks), addressed(worker)
    if seen.facts.threads is None:
        open_ones = [talk for talk in conversations(seen.remarks) if not is_addressed(talk, voices, met)]
        return tuple(_thread(talk, voices, met) for talk in open_ones)
    found = []
    for thread in seen.facts.threads:
        if not thread.resolved:
            talk = next((talks[root] for root in seen.first.get(thread.id, ()) if root in talks), None)
            # What REST does not show may be a review that is still being written.
            unknown = Thread("somebody", addressed=True)
            found.append(unknown if talk is None else _thread(talk, voices, met))
    return tuple(sorted(found))


def _thread(talk: Conversation, voices: Voices, met: frozenset[str]) -> Thread:
    people = [one for one in talk.remarks if voices.hears(one.author, one.association, bot=one.bot)]
    return Thread(talk.remarks[0].author, bool(people), is_addressed(talk, voices, met))


def answered_bot_threads(worker: Worker, seen: Observation, voices: Voices) -> list[str]:
    """The open threads, by id, of bots alone, which the worker was told of and has shipped another commit since."""
    if seen.head is not Head.SAME or seen.facts.threads is None:
        return []
    talks, met = _talks(seen.remarks), addressed(worker)
    found = []
    for thread in (one for one in seen.facts.threads if not one.resolved):
        talk = next((talks[root] for root in seen.first.get(thread.id, ()) if root in talks), None)
        if talk is None or not is_addressed(talk, voices, met):
            continue
        asked = [one for one in talk.remarks if MARK not in one.text]
        changed = all(one.commit not in ("", seen.facts.head_sha) for one in asked)
        if changed and all(one.bot for one in asked) and any(one.id in met for one in asked):
            found.append(thread.id)
    return found


def untold(worker: Worker, seen: Observation, voices: Voices) -> list[Remark]:
    """The remarks that ask something of the worker and that it has not been told of, oldest first."""
    fed = frozenset(worker.fed)
    resolved, withdrawn = _resolved(seen), withdrawn_requests(seen.remarks)
    return [
        remark
        for remark in seen.remarks
        if remark.id not in withdrawn
        and voices.hears(remark.author, remark.association, bot=remark.bot)
        and MARK not in remark.text
        and not {remark.thread, remark.number} & resolved
        and asks(remark, voices, seen.author)
        and not _is_told(remark, fed)
    ]


def _resolved(seen: Observation) -> frozenset[int]:
    """The first comments of threads that were resolved before the worker heard of them: nothing is asked any more."""
    done = [thread.id for thread in seen.facts.threads or () if thread.resolved]
    return frozenset(root for thread in done for root in seen.first.get(thread, ()))


def _is_told(remark: Remark, fed: frozenset[str]) -> bool:
    """Whether these words were told. A human's remark that was edited is told again, a bot's never."""
    plain, exact = feedback.remark_ids(remark)
    if plain in fed or exact in fed:
        return True
    return remark.bot and any(one.startswith(f"{plain}~") for one in fed)


def failing(seen: Observation, pull: Pull) -> list[CheckDetail]:
    """The checks that fail the pull request, by workflow and name."""
    names = {row.name for row in pull.rows if row.counts and row.state is CheckState.FAILED}
    current: set[CheckRun] = set(newest_runs(one.run for one in seen.facts.checks))
    found = [
        one
        for one in seen.facts.checks
        if one.run.name in names and one.run in current and state_of(one.run.state, one.run.app) is CheckState.FAILED
    ]  # not one of the same name that passes: of another workflow or event, or a status
    return sorted(found, key=lambda one: (one.run.workflow, one.run.name))


def items(
    worker: Worker,
    seen: Observation,
    pull: Pull,
    voices: Voices,
    tail: Callable[[CheckDetail], str],
    conflicts: Callable[[], Sequence[str]],
) -> list[Item]:
    """What the worker must hear now, and has not been told: checks first, then remarks in the order they were made.

    `tail` reads the end of a check's log, which costs requests: it is asked for what is told, and for a few.
    """
    fed = frozenset(worker.fed)
    found = list(feedback.failing_checks(pull.head_sha, _failing_untold(seen, pull, fed, tail)))
    by_id = {remark.id: remark for remark in seen.remarks}
    found += [
        feedback.remark(remark, by_id.get(f"{Kind.INLINE}:{remark.reply_to}"))
        for remark in untold(worker, seen, voices)
    ]
    if pull.mergeable is False or pull.merge_state == "dirty":
        told = feedback.conflict(pull.head_sha, seen.facts.base_ref, ())
        if told.id not in fed:
            found.append(feedback.conflict(pull.head_sha, seen.facts.base_ref, conflicts()))
    if pull.head is Head.FOREIGN:
        found.append(feedback.foreign_head(pull.head_sha, worker.branch))
    return [item for item in found if item.id not in fed]


def _failing_untold(
    seen: Observation, pull: Pull, fed: frozenset[str], tail: Callable[[CheckDetail], str]
) -> list[FailingCheck]:
    """The failing checks to tell of, and workflows that could not start, which have no check."""
    known = failing(seen, pull)
    new = [one for one in known if feedback.check_id(pull.head_sha, one.run.name) not in fed]
    read = first_of_each(new)
    named = {one.run.name for one in known}
    rows = [row for row in pull.rows if row.counts and row.state is CheckState.FAILED and row.name not in named]
    return [
        *(FailingCheck(one.run.name, one.run.workflow, one.url, tail(one) if one in read else "") for one in new),
        *(FailingCheck(row.name, "", "", "") for row in rows if feedback.check_id(pull.head_sha, row.name) not in fed),
    ]


MOST_READ = 8  # logs that are read for one message


def first_of_each(checks: Sequence[CheckDetail]) -> list[CheckDetail]:
    """Of which checks the logs are read: jobs of one matrix mostly fail alike, so some of each workflow are enough."""
    if len(checks) <= MOST_READ:
        return list(checks)
    by_workflow: dict[str, list[CheckDetail]] = {}
    for one in checks:
        by_workflow.setdefault(one.run.workflow or one.run.name, []).append(one)
    share = max(1, MOST_READ // len(by_workflow))
    return [one for rows in by_workflow.values() for one in rows[:share]][:MOST_READ]


def may_hear(worker: Worker) -> bool:
    """Whether a worker is told what happens to its pull request now."""
    return worker.status in (Status.SHIPPING, Status.COMPLETE, Status.WORKING, Status.PLANNING)
