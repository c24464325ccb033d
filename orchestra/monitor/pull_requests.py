"""The GitHub half of a reconcile pass: what happened to each worker's pull request, and what its worker must hear.

Level-triggered: at every look all facts are asked for and judged anew, from every live status, so the order in which
things happened does not matter. What a worker has been told of is in its session file by the id of the check, remark or
conflict: a monitor killed anywhere tells nothing twice and forgets nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.lifecycle.pull_events import status_by_verdict
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import ActivityState, Delivery, Event, Status, Worker
from orchestra.core.pull_request import Checks, Head, Pull, Update
from orchestra.core.records import Record
from orchestra.core.remarks import Remark, Voices
from orchestra.core.text import clean, stamp
from orchestra.errors import OrchestraError, Unreachable
from orchestra.git import local_merge, pull_head
from orchestra.github.thread_replies import ThreadReplies
from orchestra.monitor import feedback, rules
from orchestra.monitor.feedback import Item
from orchestra.monitor.issue_watch import IssueWatch
from orchestra.monitor.rules import Observation
from orchestra.workers import delivery, still_wanted

if TYPE_CHECKING:
    from orchestra.git.worktrees import Repository
    from orchestra.github.graph import PullFacts
    from orchestra.github.poll_parsing import Poll, PullSeen
    from orchestra.github.pull_reader import Facts, PullReader
    from orchestra.project.context import Project

FOLLOWED = LIVE | {Status.PAUSED}  # a paused worker's pull request may be merged or closed, too
REREAD_SECONDS = 600.0  # until remarks are read again though nothing shows that there are new ones
FETCH_AGAIN_SECONDS = 300.0  # until a head commit that could not be fetched is tried again
UPDATE_AGAIN_SECONDS = 300.0
BASE_AGAIN_SECONDS = 60.0  # until it is asked again whether the base holds what a closed pull request wanted
EARLY_SECONDS = 1.0  # a pass comes every 15 seconds: one that is a moment early must not wait for the next
MOST_PERMISSIONS = 20  # people whose right to push is asked for in one look


class About(Record):
    """What a poll says of the repository itself: its default branch, where known, and whether it is read-only."""

    default: str
    archived: bool


class PullRequests:
    """GitHub as one monitor sees it. What it remembers only saves requests."""

    def __init__(self) -> None:
        self._asked = float("-inf")  # when GitHub was last asked
        self._remarks: dict[int, tuple[object, float, tuple[Remark, ...]]] = {}
        self._fetched: dict[str, float] = {}
        self._updated: dict[str, float] = {}
        self._us = ""
        self._issues = IssueWatch()
        self._resolved: set[str] = set()  # threads, by id; also those that GitHub would not resolve

    def look(self, project: Project, say: Callable[[str], None]) -> None:
        """Ask GitHub if it is time, and act on what is new. Raises Unreachable with a sentence when it cannot."""
        workers = [worker for worker in project.store.listing().workers if worker.status in FOLLOWED]
        if workers and project.tracker_name == "local":
            _see_landed(project, workers, say)
        if not workers or project.tracker_name != "github":
            return
        running = any(worker.status is Status.SHIPPING for worker in workers)  # from now: one may have shipped since
        if time.monotonic() - self._asked < project.poll_interval(running=running) - EARLY_SECONDS:
            return
        self._asked = time.monotonic()
        poll = project.watch.poll()
        self._follow(project, workers, poll, say)
        self._issues.look(project, project.store.listing().workers, poll, say)

    def _follow(self, project: Project, workers: Sequence[Worker], poll: Poll, say: Callable[[str], None]) -> None:
        """Ask for all that GitHub says of these workers' pull requests, and act on what is new."""
        pairs = [(worker, seen) for worker in workers if (seen := self._own(project, worker, poll))]
        known = [(worker, seen.number, seen.base_ref, seen.author) for worker, seen in pairs]
        default = next((seen.default_branch for _, seen in pairs if seen.default_branch), "")
        about = About(default, any(seen.archived for _, seen in pairs))
        listed = {worker.id for worker, _ in pairs}
        known += [  # not among the hundred that changed last
            (worker, worker.pull.number, worker.base, "")
            for worker in workers
            if worker.pull is not None and worker.id not in listed and worker.pull.state == "open"
        ]
        if not known:
            return
        reader = project.watch.pulls
        bases = list(dict.fromkeys(base for *_, base, _ in known))
        closed = {seen.number for _, seen in pairs if seen.state == "closed"}
        facts = reader.facts([number for _, number, _, _ in known], bases, closed)
        for worker, number, _, author in known:
            try:
                self._one(project, worker, number, author, facts, about, say)
            except Unreachable:
                raise
            except OrchestraError as wrong:  # of this pull request alone: the others go on
                say(f"#{worker.id}: {wrong.message}")

    def _own(self, project: Project, worker: Worker, poll: Poll) -> PullSeen | None:
        repository, pushed = project.repository, _pushed(worker)
        return rules.own_pull(
            worker,
            poll.pulls,
            project.head_repo(worker.branch),
            lambda sha: pull_head.is_own(repository, worker.branch, sha, worker.base_commit, pushed),
        )

    def _one(
        self,
        project: Project,
        worker: Worker,
        number: int,
        author: str,
        facts: Facts,
        about: About,
        say: Callable[[str], None],
    ) -> None:
        found = facts.pulls.get(number)
        if found is None:
            self._not_shown(project, worker, number, facts, say)
            return
        base = facts.bases.get(found.base_ref) or next(iter(facts.bases.values()))
        if found.state != "open":
            seen = Observation(found, base, (), {}, Head.SAME, author)
            by_hand = self._holder(project, worker, found, say)
            _record(project, worker, seen, _closed(worker, found, about.default, by_hand, project.now()), say)
            return
        remarks = self._said(project.watch.pulls, found)
        threads = [thread.id for thread in found.threads or ()]
        first = project.watch.pulls.first_comments(threads) if threads else {}
        head = self._head(project, worker, found, say)
        seen = Observation(found, base, remarks, first, head, author, about.archived)
        voices = self._voices(project, seen)
        pull = rules.pull_of(worker, seen, voices, project.config, project.now())
        recorded = _record(project, worker, seen, pull, say)
        if rules.may_hear(recorded):
            _tell(project, recorded, seen, pull, voices, say)
            _count(project, recorded, seen, pull, say)
            self._resolve_answered(project, rules.answered_bot_threads(recorded, seen, voices), recorded.id, say)
        if refused := self._bring_up_to_date(project, recorded, pull, say):
            _record(project, recorded, seen, refused, say)

    def _not_shown(
        self, project: Project, worker: Worker, number: int, facts: Facts, say: Callable[[str], None]
    ) -> None:
        """Record that GitHub answers and does not show a pull request: how it is now is not known."""
        gone = f"GitHub does not show PR #{number} any more: it was deleted, or this token may not see it"
        why = gone if number in facts.gone else facts.failed.get(number, "")
        if not why:
            return
        before = worker.pull if worker.pull is not None and worker.pull.number == number else None
        pull = rules.lost(before, why, project.now()) if before else None
        if pull is None or pull != before:
            say(f"#{worker.id}: {why}")
        if pull is not None and pull != before:
            project.store.record(worker.id, events.pull_seen("monitor", pull, worker.pull_url or "", base=worker.base))

    def _holder(self, project: Project, worker: Worker, facts: PullFacts, say: Callable[[str], None]) -> str:
        """The base branch, where it holds what a closed pull request wanted: merged by hand; empty where not."""
        tip, key = project.repository.branch_tip(worker.branch), f"base:{worker.id}"
        late = time.monotonic() - self._fetched.get(key, float("-inf")) >= BASE_AGAIN_SECONDS
        remote = project.where(worker.branch).fetch
        if facts.state != "closed" or tip is None or not late or not remote:
            return ""
        self._fetched[key] = time.monotonic()
        with project.repository.locked():
            why = pull_head.fetch_head(project.repository, remote, facts.base_ref)
        if why:
            say(f"#{worker.id}: {facts.base_ref} was not fetched: {why}")
            return ""
        base = f"refs/remotes/{remote}/{facts.base_ref}"
        try:
            since = worker.base_commit
            held = local_merge.holds_changes(project.repository, base, tip, since=since, in_doubt=False)
        except OrchestraError as wrong:  # of this git: that the pull request is closed is recorded all the same
            say(f"#{worker.id}: {wrong.message}")
            return ""
        return facts.base_ref if held else ""

    def _said(self, reader: PullReader, facts: PullFacts) -> tuple[Remark, ...]:
        """What was said about it: read again when something shows that there is more, and now and then."""
        threads = tuple((thread.id, thread.resolved) for thread in facts.threads or ())
        key = (facts.said_at, threads) if facts.said_at else time.monotonic()  # REST shows nothing: read every time
        before, at, known = self._remarks.get(facts.number, (None, 0.0, ()))
        if key == before and time.monotonic() - at < REREAD_SECONDS:
            return known
        found = reader.remarks(facts.number)
        self._remarks[facts.number] = (key, time.monotonic(), found)
        return found

    def _voices(self, project: Project, seen: Observation) -> Voices:
        """Whose word counts. Who is not a member by association may still have the right to push: that is asked."""
        trusted = project.config.trust.logins
        plain = Voices(trusted, us=self._us)
        unsure = dict.fromkeys(  # a private member is shown as NONE to a token that may not see who is a member
            one.author
            for one in sorted(seen.remarks, key=lambda one: one.association == "NONE")
            if one.author and not plain.hears(one.author, one.association, bot=one.bot)
        )
        pushers = {one.author: one.pushes for one in seen.facts.opinions if one.pushes is not None}
        reader = project.watch.pulls
        for login in list(unsure)[:MOST_PERMISSIONS]:
            if login not in pushers:
                pushers[login] = bool(reader.may_push(login))
        return Voices(trusted, pushers, self._us)

    def _head(self, project: Project, worker: Worker, facts: PullFacts, say: Callable[[str], None]) -> Head:
        """The branch here beside the head on GitHub; a commit that is not here is fetched."""
        repository, sha, pushed = project.repository, facts.head_sha, _pushed(worker)
        found = pull_head.compare(repository, worker.branch, sha, facts.base_ref, pushed)
        if found in (Head.SAME, Head.AHEAD, Head.REWOUND):
            return found
        pause = FETCH_AGAIN_SECONDS if found is Head.UNKNOWN else float("inf")
        if time.monotonic() - self._fetched.get(sha, -FETCH_AGAIN_SECONDS) < pause:
            return found
        self._fetched[sha] = time.monotonic()
        where = project.where(worker.branch)
        wanted = [(where.push, worker.branch, where.push_place), (where.fetch, facts.base_ref, "")]
        with repository.locked():
            tried = [pull_head.fetch_head(repository, remote, name, place) for remote, name, place in wanted if remote]
        for why in filter(None, tried):
            say(f"#{worker.id}: the head of PR #{facts.number} was not fetched: {why}")
        return pull_head.compare(repository, worker.branch, sha, facts.base_ref, pushed)

    def _resolve_answered(
        self, project: Project, threads: Sequence[str], number: str, say: Callable[[str], None]
    ) -> None:
        """Resolve bots' threads that a change answers; what GitHub refuses stays open, for the user."""
        for thread in threads:
            if thread in self._resolved:
                continue
            self._resolved.add(thread)
            try:
                ThreadReplies(project.github.client).resolve(thread)
                say(f"#{number}: a bot's thread is resolved, which its change answers")
                self._asked = float("-inf")
            except Unreachable:
                raise
            except OrchestraError as refused:
                say(f"#{number}: {refused.message}")

    def _bring_up_to_date(
        self, project: Project, worker: Worker, pull: Pull, say: Callable[[str], None]
    ) -> Pull | None:
        """Follow a merge of the base, or have GitHub make one, while the agent waits and its worktree is clean.

        The pull request with GitHub's refusal, where there is one.
        """
        rests = worker.activity.state in (ActivityState.WAITING, ActivityState.ENDED)
        queued = any(words.state is Delivery.QUEUED for words in worker.guidance)
        if not rests or queued or pull.head not in (Head.SAME, Head.UPDATED) or worker.status not in LIVE:
            return None
        if pull.head is Head.UPDATED and not project.repository.dirty(worker.worktree):
            done = pull_head.fast_forward(project.repository, worker.worktree, pull.head_sha)
            text = f"{worker.base} was merged into the branch on GitHub; the worktree follows"
            say(f"#{worker.id}: {text}" if done.status == 0 else f"#{worker.id}: {done.reason()}")
            self._asked = float("-inf")
        elif pull.merge_state == "behind" and project.config.pull_request.update == "auto":
            since = self._updated.get(pull.head_sha)
            if since is None or time.monotonic() - since > UPDATE_AGAIN_SECONDS:
                self._updated[pull.head_sha] = time.monotonic()
                return self._updated_by_github(project, worker, pull, say)
        return None

    def _updated_by_github(
        self, project: Project, worker: Worker, pull: Pull, say: Callable[[str], None]
    ) -> Pull | None:
        """Have GitHub merge the base into it; where it refuses, the pull request that says so."""
        try:
            project.github.update_branch(pull.number, pull.head_sha)
        except Unreachable:
            raise
        except OrchestraError as refused:
            if pull.update is Update.AUTO:
                say(f"#{worker.id}: PR #{pull.number} was not brought up to date: {refused.message}")
            return pull._replace(update=Update.REFUSED)
        say(f"#{worker.id}: PR #{pull.number} is brought up to date with {worker.base}")
        self._asked = float("-inf")
        return None


def _pushed(worker: Worker) -> Sequence[str]:
    """The commits that this worker pushed."""
    if worker.pushed or worker.pull is None or worker.pull.head is Head.FOREIGN:
        return worker.pushed
    return (worker.pull.head_sha,)  # written by an older version


def _see_landed(project: Project, workers: Iterable[Worker], say: Callable[[str], None]) -> None:
    """A pull request that the user merged by hand counts as merged."""
    for worker in workers:
        if still_wanted.is_merged_locally(project, worker):
            project.store.record(worker.id, events.landed("monitor"))
            say(f"#{worker.id} is merged: {worker.base} holds it")


def _closed(worker: Worker, facts: PullFacts, default: str, by_hand: str, now: float) -> Pull:
    """A pull request that is merged or closed, with what else was known of it. `default`: branch, where known.

    `by_hand`: the base branch, where that holds the changes of one that was closed.
    """
    before = worker.pull if worker.pull and worker.pull.number == facts.number else Pull(facts.number, facts.state)
    if default and default != facts.base_ref:
        before = before._replace(into=clean(facts.base_ref, 200), default_branch=clean(default, 200))
    state = "merged" if by_hand else facts.state
    return before._replace(
        state=state,
        head_sha=facts.head_sha,
        observed_at=stamp(now),
        by_hand=clean(by_hand, 200),
        closed_by=clean(facts.closed_by, 40) or before.closed_by,
    )


def _record(project: Project, worker: Worker, seen: Observation, pull: Pull, say: Callable[[str], None]) -> Worker:
    """Record what GitHub says when it is new, or when something else has changed what follows from it."""
    store, at = project.store, stamp(project.now())
    known = worker.pull is not None and worker.pull._replace(observed_at="") == pull._replace(observed_at="")
    if known and status_by_verdict(worker._replace(pull=pull), at) is worker.status:
        return worker
    url = f"{project.watch.address.web}/pull/{pull.number}"
    if worker.pull is None and worker.status in (Status.WORKING, Status.PLANNING):
        store.record(worker.id, events.shipped("monitor", pull, url))
        say(f"#{worker.id} has a pull request that was opened by hand: {url}")
    green = rules.names_to_expect(worker, seen, pull)
    event = events.pull_seen("monitor", pull, url, base=seen.facts.base_ref, green=green)
    recorded = store.record(worker.id, event).worker or worker
    if recorded.status is not worker.status:
        say(f"#{worker.id} is {recorded.status.value}: PR #{pull.number}")
    return recorded


def _is_carried(repository: Repository, worker: Worker, pull: Pull) -> bool:
    """Whether a stacked branch is being carried over to its new base, which ends the conflict, or is not pushed yet."""
    moved = repository.branch_tip(worker.branch) != pull.head_sha
    return bool(worker.parent) or (moved and any(item.startswith("stack:") for item in worker.fed))


def _tell(
    project: Project, worker: Worker, seen: Observation, pull: Pull, voices: Voices, say: Callable[[str], None]
) -> None:
    """Record what is new as one piece of guidance; whether it is new is decided under the worker's lock."""
    reader, repository = project.watch.pulls, project.repository
    found = rules.items(
        worker, seen, pull, voices, reader.log_tail,
        lambda: repository.conflicts(worker.branch, seen.facts.base_ref),
    )  # fmt: skip
    if _is_carried(project.repository, worker, pull):
        found = [item for item in found if not item.id.startswith("conflict:")]
    if not found:
        return
    told: list[Item] = []

    def make(current: Worker | None) -> Event | None:
        if current is None or not rules.may_hear(current):
            return None
        told[:] = [item for item in found if item.id not in current.fed]
        if not any(item.words for item in told):
            return None
        return events.told(
            "monitor",
            feedback.as_message(told),
            sender="monitor",
            about=[item.id for item in told],
            reopen=True,
            review=feedback.review(told, project.config.limits.review),
        )

    recorded = project.store.decide(worker.id, make).worker
    if told:
        delivery.announce_in_mailbox(project, worker.id)
        say(f"#{worker.id} is told of {_names(told)}")
    _say_stuck(worker, recorded, say)


def _names(told: Sequence[Item]) -> str:
    names = list(dict.fromkeys(item.name for item in told))
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _say_stuck(before: Worker, after: Worker | None, say: Callable[[str], None]) -> None:
    if after is not None and after.status is Status.STUCK and before.status is not Status.STUCK:
        say(f"#{after.id} is stuck: {after.stuck_reason}")


def _count(project: Project, worker: Worker, seen: Observation, pull: Pull, say: Callable[[str], None]) -> None:
    """Count CI failures without progress: the same signature on another head. At the limit the user is asked."""
    store, sha = project.store, pull.head_sha
    if pull.checks is Checks.PASSING and worker.attempts.ci:
        store.record(worker.id, events.attempt_passed("monitor", "ci"))
    if worker.status is Status.COMPLETE and worker.attempts.review:
        store.record(worker.id, events.attempt_passed("monitor", "review"))
    failing = rules.failing(seen, pull)
    if not failing or worker.ci_counted == sha:
        return
    shown = rules.first_of_each(failing)
    tails = "\n".join(f"{check.run.name}\n{project.watch.pulls.log_tail(check)}" for check in shown)
    names = ", ".join(clean(check.run.name, 80) for check in failing[:5])
    more = f" and {len(failing) - 5} more" if len(failing) > 5 else ""
    failure = feedback.failure(f"CI fails the same way ({names}{more})", tails, project.config.limits.ci)
    recorded = store.record(worker.id, events.attempt_failed("monitor", "ci", failure, head=sha))
    _say_stuck(worker, recorded.worker, say)
