"""Start workers by themselves on the issues that the user's own rules name, within `workers.max` and the budgets.

Off unless the user's own config has a rule for this project; a repository cannot give one. Only on issues of members.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from orchestra.core import backlog, start_hold
from orchestra.core.auto_rules import AutoRule, may_start
from orchestra.core.issue_query import IssueQuery
from orchestra.core.models import Issue, Worker
from orchestra.storage import auto_state
from orchestra.storage.auto_state import AutoState
from orchestra.workers import candidates, queue, spending

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

Start = Callable[[str], str]  # a worker on this issue; what came of it


def rules_of(project: Project) -> tuple[AutoRule, ...]:
    """The rules of the user's config that are for this project."""
    return tuple(rule for rule in project.config.auto if rule.project.lower() == project.title.lower())


def note_rules(project: Project) -> AutoState:
    """Note which rules hold, for those who show it; the state as it is now."""
    labels = tuple(dict.fromkeys(rule.label for rule in rules_of(project)))
    state = auto_state.read(project.store.root)
    if state.rules == labels:
        return state
    return auto_state.change(project.store.root, lambda now: now._replace(rules=labels))


def take(project: Project, start: Start, say: Callable[[str], None]) -> None:
    """Start what the rules name and there is room for."""
    workers = project.store.listing().workers
    if _free(project, workers) < 1:
        return
    today = spending.day_of(project.now())
    for rule in rules_of(project):
        found = candidates.candidates(project, IssueQuery(labels=(rule.label,)), again=False).issues
        for issue in found:
            if not _may_take(project, rule, issue):
                continue
            workers = project.store.listing().workers
            state = auto_state.read(project.store.root)
            known = {one.id: one for one in workers}
            if state.off or _free(project, workers) < 1:
                return
            if not may_start(rule, issue.number, state.started, known, today):
                break
            _start(project.store, rule, issue, today, start, say)


def _free(project: Project, workers: Sequence[Worker]) -> int:
    """How many could start at once, after those that the user has queued."""
    holds = queue.start_holds(project, workers)
    if start_hold.of_agent(holds, project.config.agent) is not None:
        return 0
    most, priorities = project.config.workers.max, project.config.queue.priorities
    return backlog.free_slots(workers, most) - len(backlog.startable(workers, most, priorities))


def _may_take(project: Project, rule: AutoRule, issue: Issue) -> bool:
    """Whether an issue is by an author of the rule, and nothing blocks it."""
    authors = {author.casefold() for author in rule.authors}
    if authors and issue.author.casefold() not in authors:
        return False
    return not queue.blockers_of(project, issue)


def _start(store: Store, rule: AutoRule, issue: Issue, today: str, start: Start, say: Callable[[str], None]) -> None:
    """Count the start, then start: one that a kill cuts off is counted, and is begun again under the same count."""

    def counted(now: AutoState) -> AutoState:
        return now._replace(started={**now.started, today: {**now.started.get(today, {}), issue.number: rule.label}})

    auto_state.change(store.root, counted)
    say(f"#{issue.number} has the label {rule.label}: {start(issue.number)}")
