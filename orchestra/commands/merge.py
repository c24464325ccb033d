"""`orchestra merge ID`: bring a worker's change into its base. The user's alone, unless the config says otherwise."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.models import Status, Worker
from orchestra.core.pull_request import Pull
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.core.verdict import facts_of, verdict
from orchestra.errors import OrchestraError
from orchestra.git import local_merge, submodules
from orchestra.git.local_merge import LocalPlan, Method
from orchestra.storage.files import write_atomic
from orchestra.trackers.combined import is_local
from orchestra.trackers.local import DIRECTORY, LocalTracker
from orchestra.workers import git_config_guard
from orchestra.workers.git_config_guard import Act
from orchestra.workers.overview import worker_of
from orchestra.workers.removal import MERGED_TIP
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.git.worktrees import Repository
    from orchestra.github.pull_actions import PullActions
    from orchestra.project.context import Project


_OVER = (Status.MERGED, Status.CANCELLED, Status.QUEUED)  # nothing can be merged of it


class MergePlan(Record):
    """What a merge will do, in sentences, the method first; `local` without a forge, else the pull request."""

    worker: Worker
    method: str
    lines: tuple[str, ...]
    local: LocalPlan | None = None
    pull: Pull | None = None
    auto: bool = False


class Merged(Record):
    """What was done: in words, and whether it is in the base now (GitHub may do it later)."""

    worker: str
    said: str
    done: bool = True
    warning: str = ""


def plan(project: Project, number: str, method: str | None = None, *, auto: bool = False) -> MergePlan:
    """What `merge` would do now; raises OrchestraError with what is in the way. Nothing is changed."""
    check_allowed(project)
    worker = worker_of(project.store, number)
    if worker.status in _OVER:
        raise OrchestraError(f"#{number} is {worker.status.value}", f"see it: orchestra show {number}")
    wanted = method or project.config.pull_request.merge
    if worker.pull is not None:
        return _on_github(project, worker, worker.pull, wanted, auto=auto)
    if auto:
        raise OrchestraError("--auto is GitHub's; there is no pull request", f"orchestra merge {number}")
    return _locally(project, worker, Method(wanted) if wanted else None)


def merge(project: Project, wanted: MergePlan) -> Merged:
    """Do what was planned. A failure changes nothing; what comes after the merge itself is reported as a warning."""
    check_allowed(project)
    _check_still(project, wanted)
    if wanted.local is not None:
        return _merge_locally(project, wanted, wanted.local)
    if wanted.pull is None:
        raise OrchestraError(f"there is nothing to merge of #{wanted.worker.id}")
    return _merge_on_github(project, wanted, wanted.pull)


def _check_still(project: Project, wanted: MergePlan) -> None:
    """Raise OrchestraError where the question was about something else than there is now: minutes may have passed."""
    before = wanted.worker
    now = worker_of(project.store, before.id)
    if now.nonce != before.nonce:
        raise OrchestraError(f"#{now.id} is another worker now: nothing is merged", f"orchestra review {now.id}")
    if now.status in _OVER:
        raise OrchestraError(
            f"#{now.id} is {now.status.value} now: nothing is merged", f"see it: orchestra show {now.id}"
        )
    if wanted.local is not None and _locally(project, now, _asked_method(wanted.local)).local != wanted.local:
        raise OrchestraError(f"#{now.id} or its base has changed since: nothing is merged", f"orchestra merge {now.id}")
    if wanted.pull is not None and now.pull is not None and now.pull.number != wanted.pull.number:
        raise OrchestraError(
            f"#{now.id} has pull request #{now.pull.number} now: nothing is merged", f"orchestra merge {now.id}"
        )


def _asked_method(local: LocalPlan) -> Method | None:
    """The method that led to this plan; None: a fast-forward where that is possible."""
    return None if local.fast_forward and local.method is Method.MERGE else local.method


def check_allowed(project: Project) -> None:
    """Raise OrchestraError for everybody but the user, and the orchestrator where the config allows it."""
    if "ORCHESTRA_WORKER" in project.environ:
        raise OrchestraError("workers may not merge", "ask for it: orchestra worker escalate SUMMARY --need ...")
    if project.who == "orchestrator" and not project.config.merge.orchestrator:
        raise OrchestraError(
            "the orchestrator may not merge: merging is the user's",
            "allow it in orchestra.yaml with `merge: {orchestrator: true}`, or merge yourself in a terminal",
        )


# --- without a forge ---


def _locally(project: Project, worker: Worker, method: Method | None) -> MergePlan:
    repository = project.repository
    if worker.status is not Status.COMPLETE:
        raise OrchestraError(
            f"#{worker.id} has not shipped: it is {worker.status.value}", f"see it: orchestra show {worker.id}"
        )
    git_config_guard.check(project, Act.WORKTREE)
    main = str(repository.root)
    for path, name in ((main, "the main checkout"), (worker.worktree, f"the worktree of #{worker.id}")):
        if os.path.isdir(path) and (begun := local_merge.under_way(repository, path)):
            raise OrchestraError(f"a {begun} is under way in {name}", f"end it first: git -C {path} status")
    if worker.parent:
        raise OrchestraError(
            f"#{worker.id} is built on #{worker.parent}, which is not merged", f"orchestra merge {worker.parent}"
        )
    here = repository.branch_of(main)
    if here != worker.base:
        where = f"on {here}" if here else "on no branch"
        raise OrchestraError(f"the main checkout is {where}, not on {worker.base}", f"git switch {worker.base}")
    issues = os.path.join(project.folder, DIRECTORY)
    # A merge leaves submodules as they are: after one that moved a submodule, the main checkout's is on the old commit.
    if changed := local_merge.changed_files(repository, main, issues, submodules=False):
        raise OrchestraError(f"the main checkout has changes: {_few(changed)}", "commit them first: git commit -a")
    if os.path.isdir(worker.worktree) and (left := local_merge.changed_files(repository, worker.worktree)):
        why = f"#{worker.id} has changes that are not committed: {_few(left)}"
        raise OrchestraError(why, f"orchestra diff {worker.id}, then tell it to commit or to drop them")
    found = local_merge.plan(repository, worker.branch, worker.base, method)
    closes = f"closes issue #{worker.id}" if _is_open(project.root, worker) else f"issue #{worker.id} is closed already"
    name = "fast-forward" if found.fast_forward else found.method.value
    return MergePlan(worker, name, (found.sentence, closes), local=found)


def _merge_locally(project: Project, wanted: MergePlan, local: LocalPlan) -> Merged:
    worker = wanted.worker
    message = _message(project.repository, worker, local)
    sign = not local.fast_forward and project.repository.settings().is_true("commit.gpgsign")
    if sign:
        git_config_guard.check(project, Act.SIGN)
    made = local_merge.perform(project.repository, local, message, sign=sign)
    warning = ""
    try:
        write_atomic(project.store.file(worker.id, MERGED_TIP), local.tip)
        project.store.record(worker.id, events.landed(project.who))
        _close(project, worker)
    except (OSError, OrchestraError) as wrong:
        warning = f"it is merged, but not everything after that was done: {clean(str(wrong))}"
    if not warning and (behind := submodules.behind(project.repository, local.base_tip, made)):
        warning = f"submodules of the main checkout are at their earlier commits: {_few(behind)}; git submodule update"
    refresh(project)
    return Merged(worker.id, f"{local.base} is at {made[:10]}: {local.sentence}", warning=warning)


def _message(repository: Repository, worker: Worker, local: LocalPlan) -> str:
    title = clean(worker.title)
    if local.method is Method.SQUASH:
        subjects = repository.ask("rev-list", "--reverse", "--format=%s", f"{local.base_tip}..{local.tip}")
        listed = "\n".join(f"* {clean(subject)}" for subject in subjects.split("\n")[1::2])
        return f"{title} (#{worker.id})\n\n{listed}"
    return f"Merge {local.branch}: {title} (#{worker.id})"


def _is_open(root: str, worker: Worker) -> bool:
    try:
        return LocalTracker(root).issue(worker.id).state == "open"
    except OrchestraError:
        return False


def _close(project: Project, worker: Worker) -> None:
    if _is_open(project.root, worker):
        LocalTracker(project.root).close(worker.id)


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(clean(name, 80) for name in names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


# --- on GitHub ---


def _actions(project: Project) -> PullActions:
    from orchestra.github.pull_actions import PullActions

    return PullActions(project.github_client(eager=True))


def _on_github(project: Project, worker: Worker, pull: Pull, method: str | None, *, auto: bool) -> MergePlan:
    if pull.state != "open":
        raise OrchestraError(f"pull request #{pull.number} is {pull.state}", f"see it: orchestra pr {worker.id}")
    rules = _actions(project).merge_rules()
    chosen = method or rules.usual
    tip = project.repository.branch_tip(worker.branch)
    if chosen not in rules.allowed:
        allowed = ", ".join(rules.allowed)
        raise OrchestraError(
            f"this repository does not allow {chosen} merges", f"orchestra merge {worker.id} --method {allowed}"
        )
    said = verdict(facts_of(worker), project.now())
    when = ", by itself, when everything required is there" if auto else ""
    lines = [
        f"#{pull.number} into {clean(worker.base, 80)} by {chosen}{when}",
        f"GitHub says: {said.sentence}",
        "the branch goes" if rules.deletes_branch else f"the branch {clean(worker.branch, 80)} stays on GitHub",
        f"closes issue #{worker.id}, where the pull request says so",
    ]
    if tip and tip != pull.head_sha:
        lines.insert(1, f"GitHub is at {pull.head_sha[:8]} and the branch here at {tip[:8]}: GitHub's is merged")
    return MergePlan(worker, chosen, tuple(lines), pull=pull, auto=auto)


def _merge_on_github(project: Project, wanted: MergePlan, pull: Pull) -> Merged:
    worker, actions = wanted.worker, _actions(project)
    if wanted.auto:
        actions.merge_when_ready(pull.number, wanted.method)
        return Merged(
            worker.id, f"GitHub merges #{pull.number} by itself when everything required is there", done=False
        )
    commit = actions.merge(pull.number, wanted.method, pull.head_sha)
    seen = pull._replace(state="merged")
    project.store.record(worker.id, events.pull_seen(project.who, seen, worker.pull_url or ""))
    if is_local(worker.id):
        _close(project, worker)
    refresh(project)
    return Merged(worker.id, f"#{pull.number} is merged by {wanted.method}: {clean(commit, 10)}")
