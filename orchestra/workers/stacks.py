"""Stacked work: a worker that builds on another worker's branch, and follows it until that branch is merged.

What is told once is told by an id in `fed`, so a monitor that is killed between any two steps tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.lifecycle.transitions import AT_WORK, LIVE
from orchestra.core.models import COMING, ActivityState, Status, Worker
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.errors import OrchestraError, Unreachable
from orchestra.git import commit_check, local_merge, stack
from orchestra.workers import delivery, git_config_guard, launch
from orchestra.workers.git_config_guard import Act

if TYPE_CHECKING:
    from orchestra.git.worktrees import Repository
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store


class Start(Record):
    """Where a worker begins: the worker that it builds on, its base and commit; `stale`: why that may be old."""

    parent: str
    base: str
    commit: str
    stale: str = ""


def start_of(project: Project, parent: str, base: str) -> Start:
    """Where a worker begins that builds on `parent` (empty: on no other); on a merged one it needs no stack."""
    on = project.store.read(parent) if parent else None
    if on is not None and on.status is Status.MERGED:
        parent, base = "", on.base
    elif on is not None:
        tip = project.repository.branch_tip(on.branch)
        return Start(parent, on.branch, tip or on.base_commit)
    commit = launch.fetched_base(project, base)
    return Start(parent, base, commit, project.stale_bases.get(base, ""))


def children(store: Store, number: str) -> list[Worker]:
    """The unfinished workers that build on this one's branch."""
    workers = store.listing().workers
    return [one for one in workers if one.parent == number and (one.status in LIVE or one.status is Status.QUEUED)]


def settled(project: Project, child: Worker) -> Worker:
    """The worker as its branch is: its own changes are measured from the commit of its parent that it holds by now."""
    parent = project.store.read(child.parent) if child.parent else None
    if parent is None or parent.status is Status.CANCELLED:
        return child
    onto, base = _target(project, parent, child)
    if onto in ("", child.base_commit) or not project.repository.holds(child.branch, onto):
        return child
    over = parent.status is Status.MERGED
    event = events.stacked("monitor", "" if over else child.parent, base, onto)
    return project.store.record(child.id, event).worker or child


def follow(project: Project, child: Worker, say: Callable[[str], None]) -> None:
    """Bring one worker's branch to where its parent's has come, at a moment when its agent waits."""
    parent = project.store.read(child.parent)
    if parent is None or child.status not in AT_WORK | {Status.COMPLETE}:
        return
    if parent.status is Status.CANCELLED or (parent.pull is not None and parent.pull.state == "closed"):
        _ask(project.store, child, parent, say)
        return
    if parent.status is Status.MERGED:
        child = _retargeted(project, child, parent.base, say)
    elif parent.status not in (Status.SHIPPING, Status.COMPLETE):
        return  # it is being worked on: what it ships is followed
    child = settled(project, child)
    if not child.parent or not _rests(project, child):
        return
    onto, base = _target(project, parent, child)
    if not onto and parent.status is Status.MERGED:
        launch.fetched_base(project, parent.base)
        onto, base = _target(project, parent, child)
    if onto not in ("", child.base_commit):
        _carry(project, child, parent, Start("", base, onto), say)


def _target(project: Project, parent: Worker, child: Worker) -> tuple[str, str]:
    """The commit and the branch that a child must be built on now; the commit is empty until it is known here."""
    repository = project.repository
    if parent.status is not Status.MERGED:
        return repository.branch_tip(parent.branch) or "", child.base
    local = project.tracker_name == "local"  # merged here: what the remote has of the base may be older
    onto = (repository.branch_tip(parent.base) or "") if local else repository.resolve(parent.base)
    merged = (parent.pull.head_sha if parent.pull else "") or repository.branch_tip(parent.branch) or ""
    return (onto if onto and local_merge.holds_changes(repository, onto, merged, in_doubt=True) else ""), parent.base


def _rests(project: Project, child: Worker) -> bool:
    """Whether nothing of the agent is under way: no turn, no question, no words on their way, no file half written."""
    activity, path = child.activity, child.worktree
    at_prompt = activity.state is ActivityState.WAITING and not activity.works_on and child.escalation is None
    if not at_prompt or any(words.state in COMING for words in child.guidance):
        return False
    repository = project.repository
    at_home = repository.branch_of(path) == child.branch and not local_merge.under_way(repository, path)
    return at_home and not repository.dirty(path)


def _retargeted(project: Project, child: Worker, base: str, say: Callable[[str], None]) -> Worker:
    """The pull request goes into the base that its parent's went into. GitHub does so itself for a deleted branch."""
    if child.base == base:
        return child
    if project.tracker_name == "github" and child.pull is not None and child.pull.state == "open":
        project.github.retarget(child.pull.number, base)
        say(f"#{child.id}: PR #{child.pull.number} goes into {base} now")
    event = events.stacked("monitor", child.parent, base, child.base_commit)
    return project.store.record(child.id, event).worker or child


def _carry(project: Project, child: Worker, parent: Worker, to: Start, say: Callable[[str], None]) -> None:
    git_config_guard.check(project, Act.WORKTREE)
    over = parent.status is Status.MERGED
    what = f"was merged into {clean(to.base, 80)}" if over else "has moved"
    repository, fork = project.repository, child.base_commit
    rebases = project.config.pull_request.stack == "rebase" and not stack.has_merges(repository, fork, child.branch)
    conflict_told = f"stack-conflict:{to.commit}"
    if conflict_told in child.fed and stack.conflicts(repository, child.branch, fork, to.commit, rebases=rebases):
        return  # until it is resolved, no key is asked for at each look
    sign, unsigned = _signs(project)
    step = to.commit if rebases else stack.bridge(repository, fork, to.commit, sign=sign)
    try:
        if rebases:
            stack.rebase(repository, child.worktree, child.branch, fork, step, sign=sign)
        else:
            message = f"Carry {child.branch} over to {to.base} ({to.commit[:10]})"
            stack.carry(repository, child.worktree, child.branch, step, message, sign=sign)
    except local_merge.Conflicted as conflict:
        words = _conflict(project.repository, child, parent, what, step, conflict.files, rebases=rebases)
        if delivery.tell_once(project, child.id, conflict_told, words, reopen=True):
            say(f"#{child.id} conflicts with #{parent.id}, which {what}: it is told so")
        return
    by = (
        "rebased: your own commits are on top of it; what was before is `git log ORIG_HEAD`"
        if rebases
        else "carried over to it by a merge commit that holds your own changes alone; see `git log -3`"
    )
    unsigned = f"What that made is not signed: {unsigned}. " if unsigned else ""
    words = (
        f"#{parent.id}, which your branch was built on, {what}. Your branch was {by}. {unsigned}Check that all is "
        f"well, then `orchestra worker ship`."
    )
    delivery.tell_once(project, child.id, f"stack:{to.commit}", words, reopen=True)
    event = events.stacked("monitor", "" if over else child.parent, to.base, to.commit)
    project.store.record(child.id, event)
    say(f"#{child.id} was carried over: #{parent.id} {what}")


def _signs(project: Project) -> tuple[bool, str]:
    """Whether what is made here is signed; why not, where it should be: nobody may be there to unlock a key."""
    settings = project.repository.settings()
    if not settings.is_true("commit.gpgsign"):
        return False, ""
    git_config_guard.check(project, Act.SIGN)
    try:
        fault = commit_check.signing(project.repository, settings)
    except Unreachable as silent:
        return False, silent.message
    return fault is None, fault.what if fault else ""


def _conflict(
    repository: Repository,
    child: Worker,
    parent: Worker,
    what: str,
    step: str,
    files: tuple[str, ...],
    *,
    rebases: bool,
) -> str:
    """What a worker needs to resolve a conflict: where, what each side wants, and how to get there."""
    command = f"git rebase --onto {step} {child.base_commit}" if rebases else f"git merge {step}"
    other = "a merge or a rebase onto the branch" if rebases else "a merge or a rebase of the branch"
    tip = repository.branch_tip(parent.branch) or step
    start = parent.base_commit[:12]
    names = ", ".join(clean(name, 120) for name in files[:20])
    return (
        f"#{parent.id}, which your branch was built on, {what}, and your changes conflict with it in: {names}\n"
        f"What #{parent.id} is for: {parent.title}\nWhat yours is for: {child.title}\n"
        f"What it changed: git diff {start} {tip[:12]}; what it changed after you began: "
        f"git diff {child.base_commit[:12]} {step[:12]}\n"
        f"Run `{command}`, and not {other}: after a squash git would take both sides "
        f"for additions. Keep what both want, commit, then `orchestra worker ship`."
    )


def _ask(store: Store, child: Worker, parent: Worker, say: Callable[[str], None]) -> None:
    """The work below was given up: the user decides what becomes of the work on top of it."""
    if child.escalation is not None:
        return
    what = "was cancelled" if parent.status is Status.CANCELLED else "has a pull request that was closed"
    summary = f"#{parent.id}, which it is built on, {what}"
    context = (
        f"Its branch holds the commits of #{parent.id}. Say what becomes of them: "
        f"orchestra tell {child.id} TEXT, or orchestra cancel {child.id}"
    )
    recorded = store.record(child.id, events.failed("monitor", summary, context))
    if not recorded.refused:
        store.record(child.id, events.stacked("monitor", "", child.base, child.base_commit))
        say(f"#{child.id} waits for you: {summary}")


def check_parent(project: Project, number: str) -> Worker:
    """The worker to build on; raises OrchestraError when there is none, or none that goes anywhere."""
    parent = project.store.read(number)
    if parent is None:
        raise OrchestraError(f"there is no worker #{clean(number, 20)} to build on", f"orchestra spawn {number} first")
    if parent.status is Status.CANCELLED:
        raise OrchestraError(f"#{number} was cancelled", f"orchestra spawn {number} takes it up again")
    fork = project.head_repo(parent.branch) if project.tracker_name == "github" else None
    if fork and parent.status is not Status.MERGED:
        what = f"nothing can be built on #{number}: its branch is in the fork {clean(fork, 80)}"
        hint = f"GitHub opens no pull request into a fork's branch; spawn without --on, or with --after {number}"
        raise OrchestraError(what, hint)
    return parent
