"""`orchestra worker ship`: verify, check the gates, push, open or update the pull request. Again is update."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from orchestra.core import commit_rules, events, gates, pull_text
from orchestra.core.events import AtLimit, Failure
from orchestra.core.lifecycle.transitions import AT_WORK
from orchestra.core.models import Escalation, Gate, Size, Worker
from orchestra.core.pull_text import Wanted
from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean, clean_lines, plain, signature
from orchestra.errors import OrchestraError
from orchestra.git import submodules, worktree_state
from orchestra.project import folders
from orchestra.trackers.combined import is_local
from orchestra.workers import branches, git_config_guard, receipts, replies, stacks
from orchestra.workers.alerts import announce
from orchestra.workers.environment import separated
from orchestra.workers.overview import worker_of
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.git.worktrees import Repository
    from orchestra.github.tracker import Opened
    from orchestra.project.context import Project

VERIFY_SECONDS = 3600.0
LIMIT_SECONDS = 600.0  # that ship waits for GitHub's rate limits: the worker has nothing else to do
TAIL_LINES = 40
MOST_TEMPLATE = 20_000  # characters
MOST_RULES = 200_000  # characters of a file that may state rules for commits


class Shipped(Record):
    """Where the work can be reviewed: a pull request's address, or the git command that shows the diff."""

    worker: Worker
    review: str


class Evidence(Record):
    """What `verify` said: the command, and the end of its output."""

    command: str
    tail: str


def worker_ship(
    project: Project, number: str, title: str | None, body: str | None, say: Callable[[str], None],
    answers: Sequence[tuple[str, str]] = (),
) -> Shipped:  # fmt: skip
    """Ship the worker's branch; raises OrchestraError, with what to do, at the first step that does not hold.

    `answers`: replies to inline remarks, by the remark's number. Where nothing else is new, nothing else is done.
    """
    said = replies.checked(answers)
    worker = stacks.settled(project, worker_of(project.store, number))
    if said and project.tracker_name == "local":
        raise OrchestraError("there are no remarks to reply to: the branch has no pull request", "ship without --reply")
    _check_shippable(project, worker)
    if said and _is_shipped(project.repository, worker):
        return _replied(project, worker, said, say)
    evidence = _verify(project, worker, say)
    _check_clean(project.repository, worker)  # a verification that leaves files behind is noticed before the push
    _check_gates(project, worker)
    if project.tracker_name == "local":
        shipped = _ship_local(project, worker)
    else:
        _check_rules(project, worker, title)
        shipped = _ship_github(project, worker, _text(project, worker, title, body, evidence), say)
        if said:
            shipped = _replied(project, shipped.worker, said, say)
    announce(project)
    refresh(project)
    return shipped


def _check_shippable(project: Project, worker: Worker) -> None:
    if worker.escalation is not None:
        raise OrchestraError(
            f"an escalation is open: {clean(worker.escalation.summary)}", "end your turn and wait for the answer"
        )
    if worker.status not in AT_WORK:
        raise OrchestraError(f"#{worker.id} is {worker.status.value}; it cannot ship")
    if wrong := worktree_state.problem(project.repository, worker.worktree, worker.branch):
        raise OrchestraError(wrong.what, wrong.hint or "end your turn: the user must bring it back")
    _check_clean(project.repository, worker)
    if project.change_of(worker).commits() == 0:
        raise OrchestraError("there is nothing to ship: the branch has no commit of its own", "commit your work first")
    alone = project.tracker_name == "local"
    if left := submodules.unpublished(project.repository, worker.worktree, worker.base_commit, alone=alone):
        what = f"{left}: nobody else could check out this branch"
        raise OrchestraError(what, "the user must push it there: orchestra worker escalate SUMMARY --need ...")


def _check_clean(repository: Repository, worker: Worker) -> None:
    dirty = repository.dirty(worker.worktree)
    if dirty:
        names = ", ".join(clean(name, 80) for name in dirty[:5]) + (" ..." if len(dirty) > 5 else "")
        raise OrchestraError(f"{len(dirty)} files are not committed: {names}", "commit them, or add them to .gitignore")


def _verify(project: Project, worker: Worker, say: Callable[[str], None]) -> Evidence | None:
    """Run the project's own `verify` of the main checkout's config: "done" is judged by it, not by the worker."""
    command = project.config.verify
    if not command:
        return None
    environ, _, foreign = separated(project, worker, project.environ)
    if foreign:  # else the main checkout would be judged in place of this work
        raise OrchestraError(f"verify was not run: {foreign[0].message}", f"tell the user; {foreign[0].hint}")
    say(f"verify: {command}")
    code, output = _run(command, project.place_in(worker.worktree), environ)
    tail = "\n".join(clean_lines(plain(output)).splitlines()[-TAIL_LINES:])
    limit = project.config.limits.verify
    failure = Failure(signature(output), AtLimit(limit, f"{command} fails the same way", tail[-2000:]))
    event = events.verified("ship", failure, passed=code == 0, status=code, tail=tail[-2000:])
    recorded = project.store.record(worker.id, event)
    if code == 0:
        return Evidence(command, tail)
    count = recorded.worker.attempts.verify if recorded.worker else 0
    if count >= limit:
        announce(project)
        refresh(project)
        raise OrchestraError(
            f"verify failed the same way {count} times; the user has been asked\n{tail}",
            "end your turn and wait for the answer",
        )
    raise OrchestraError(
        f"verify failed with status {code}: {command}\n{tail}",
        f"fix it and ship again (the same failure {count} of {limit} times)",
    )


def _run(command: str, directory: str, environ: dict[str, str]) -> tuple[int, str]:
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=directory,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=VERIFY_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        return 124, (late.stdout or b"").decode("utf-8", "replace") + f"\nno end after {VERIFY_SECONDS:.0f} s"
    return done.returncode, done.stdout.decode("utf-8", "replace")


def _check_gates(project: Project, worker: Worker) -> None:
    """Each gate that the changed paths meet needs a recorded approval of just this content."""
    git_config_guard.check_ship(project, worker.id)
    if project.tracker_name == "github":
        project.repository.fetch(worker.base)  # what the base holds by now is not the worker's change
    paths = {folders.seen_from(project.folder, path): path for path in project.change_of(worker).paths()}
    for hit in gates.gates_met(tuple(paths), project.config.gates):
        request = f"gate:{hit.gate}:{project.repository.digest(worker.worktree, [paths[path] for path in hit.by])}"
        if _approved(worker, request):
            continue
        listed = "\n".join(clean(path, 160) for path in hit.by[:50])
        summary = f"gate {hit.gate}: {len(hit.by)} changed files need the user" + (f" ({hit.why})" if hit.why else "")
        _ask(project, worker, request, summary, listed)
        raise OrchestraError(
            f"the gate {hit.gate} is not approved for: {listed.replace(chr(10), ', ')}",
            "the user has been asked; end your turn and wait for the answer",
        )


def _check_rules(project: Project, worker: Worker, title: str | None) -> None:
    """Sign-off, form of commit messages and title, as the repository's own files want them; refused before the push."""
    rules = commit_rules.rules_of(_rule_files(worker.worktree))
    written = title or (worker.title if worker.pull is None else None)
    change = project.change_of(worker)
    found = commit_rules.faults(rules, change.messages() if any(rules) else (), change.start, written)
    if found:
        raise OrchestraError("; ".join(one.what for one in found), "; ".join(one.hint for one in found))


def _rule_files(worktree: str) -> dict[str, str]:
    """The files of the worktree that may state such rules."""
    found = {}
    for directory in ("", ".github", ".github/workflows"):
        try:
            names = os.listdir(os.path.join(worktree, directory))
        except OSError:
            continue
        for path in (f"{directory}/{name}".lstrip("/") for name in names):
            if commit_rules.may_state(path) and os.path.isfile(os.path.join(worktree, path)):
                with open(os.path.join(worktree, path), encoding="utf-8", errors="replace") as file:
                    found[path] = file.read(MOST_RULES)
    return found


def _ask(project: Project, worker: Worker, request: str, summary: str, context: str) -> None:
    """Open the escalation of a gate; `request` names the content that an approval lets pass."""
    asked = Escalation(Gate.DOMAIN, summary, context, options=("approve", "deny"), request=request)
    project.store.record(worker.id, events.escalated("ship", asked))
    announce(project)
    refresh(project)


def _approved(worker: Worker, request: str) -> bool:
    return any(approval.get("request") == request for approval in worker.approvals)


def _ship_local(project: Project, worker: Worker) -> Shipped:
    """Without a forge the branch is the pull request: the user reviews its diff."""
    base, branch = (project.repository.typed_name(name) for name in (worker.base, worker.branch))
    review = f"git -C {project.root} diff {base}...{branch}"
    recorded = project.store.record(worker.id, events.shipped_locally("ship", review, _size(project, worker)))
    if recorded.worker is None or recorded.refused:
        raise OrchestraError(f"#{worker.id} could not be shipped: {recorded.refused}")
    return Shipped(recorded.worker, review)


def _ship_github(project: Project, worker: Worker, text: Wanted, say: Callable[[str], None]) -> Shipped:
    github = project.github
    github.client.wait_out_limits(LIMIT_SECONDS, say)
    worker = branches.on_its_own(project, worker, github.client.token, say)
    say(f"push {worker.branch}")
    before = worker.pushed[-1] if worker.pushed else ""
    sha = project.repository.push(worker.worktree, worker.branch, github.client.token, before)
    found = github.open_pull(worker.branch, worker.base, text, draft=project.config.pull_request.draft)
    pull, url = found.pull, found.url
    for part in found.kept:
        say(f"the {part} of PR #{pull.number} was written or edited by others, and stays as it is")
    event = events.shipped("ship", pull._replace(head_sha=sha), url, _size(project, worker))
    recorded = project.store.record(worker.id, event)
    if recorded.worker is None or recorded.refused:
        raise OrchestraError(f"#{worker.id} could not be shipped: {recorded.refused}")
    _ask_people(project, worker, found, sha, say)
    return Shipped(recorded.worker, url)


def _ask_people(project: Project, worker: Worker, found: Opened, sha: str, say: Callable[[str], None]) -> None:
    """Label a new pull request and ask for its review; after a change ask those again who had asked for changes.

    It is shipped whatever comes of this: what GitHub refuses is said.
    """
    config, number = project.config.pull_request, found.pull.number
    before = worker.pull.reviews if worker.pull and worker.pull.head_sha != sha else ()
    asked = [one.author for one in before if one.state == "CHANGES_REQUESTED" and one.heard and not one.addressed]
    again = [login for login in asked if not login.endswith("[bot]")]
    reviewers = config.reviewers if found.is_new else again
    steps: list[tuple[str, Callable[[], None]]] = []
    if found.is_new and config.labels:
        steps.append(("labels", lambda: project.github.add_labels(number, config.labels)))
    if reviewers:
        steps.append(("reviewers", lambda: project.github.ask_for_review(number, reviewers)))
    for what, step in steps:
        try:
            step()
        except OrchestraError as refused:
            say(f"PR #{number} is shipped; its {what} were not set: {refused.message}")


def _size(project: Project, worker: Worker) -> Size:
    change = project.change_of(worker)
    return Size(change.commits(), *change.counts())


def _is_shipped(repository: Repository, worker: Worker) -> bool:
    """Whether the branch is on GitHub as it is here."""
    pull = worker.pull
    return pull is not None and pull.state == "open" and pull.head_sha == repository.branch_tip(worker.branch)


def _replied(project: Project, worker: Worker, said: Sequence[tuple[int, str]], say: Callable[[str], None]) -> Shipped:
    """Post the replies; what the worker had been told of before is answered with them, as with a ship."""
    from orchestra.github.thread_replies import ThreadReplies

    pull = worker.pull
    if pull is None:
        raise OrchestraError(f"#{worker.id} has no pull request yet", "ship without --reply first")
    client = project.github.client
    client.wait_out_limits(LIMIT_SECONDS, say)
    replies.post(project.watch.pulls, ThreadReplies(client), pull, said, say)
    recorded = project.store.record(worker.id, events.shipped("ship", pull, worker.pull_url or ""))
    if recorded.worker is None or recorded.refused:
        raise OrchestraError(f"#{worker.id} could not be shipped: {recorded.refused}")
    refresh(project)
    return Shipped(recorded.worker, worker.pull_url or "")


def _text(project: Project, worker: Worker, title: str | None, body: str | None, evidence: Evidence | None) -> Wanted:
    """What the ship wants to write: the worker's words or its commits, the test evidence, and what it closes."""
    subjects: Sequence[str] = project.change_of(worker).subjects()
    made = pull_text.made_of_commits([clean(subject) for subject in subjects])
    said = pull_text.evidence(evidence.command, evidence.tail) if evidence is not None else ""
    if project.config.pull_request.receipt:
        said = "\n\n".join(filter(None, (said, receipts.line(receipts.of_worker(project, worker)))))
    words = made if body is None else body
    named = is_local(worker.id) or pull_text.closes_issue(words, worker.id, project.github.address.slug)
    closes = "" if named else f"Closes #{worker.id}"
    template = _template(worker.worktree) if project.config.pull_request.template else ""
    return Wanted(title or None, body if body and body.strip() else None, worker.title, made, said, closes, template)


_TEMPLATES = regex(r"(?:(?:\.github|docs)/)?pull_request_template(?:\.md|\.txt)?", re.IGNORECASE)


def _template(worktree: str) -> str:
    """The repository's template for a pull request, where GitHub looks for it; empty where there is none."""
    for directory in (".github", "", "docs"):
        try:
            names = sorted(os.listdir(os.path.join(worktree, directory)))
        except OSError:
            continue
        for name in names:
            if _TEMPLATES.fullmatch(os.path.join(directory, name)):
                with open(os.path.join(worktree, directory, name), encoding="utf-8", errors="replace") as file:
                    return file.read(MOST_TEMPLATE)
    return ""
