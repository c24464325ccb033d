"""The rows of the picker: the open issues, and the workers with their branches and pull requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from orchestra.commands.issues import issues
from orchestra.commands.spawn import SpawnOptions, spawn
from orchestra.core.text import age, clean, clean_lines
from orchestra.ui.screens.picker import Choice, PickerView, Rows
from orchestra.ui.screens.verbs import Outcome, Verbs
from orchestra.workers.overview import overview

if TYPE_CHECKING:
    from orchestra.commands.issues import Listed
    from orchestra.commands.spawn import Spawned
    from orchestra.project.context import Project
    from orchestra.workers.overview import WorkerRow

MOST_PREVIEW = 80  # lines


def issue_choice(one: Listed) -> Choice:
    """An open issue as a row."""
    it = one.issue
    labels = [clean(label, 40) for label in it.labels]
    author = clean(it.author, 40)
    facts = {*(f"label:{label.casefold()}" for label in labels), f"author:{author.casefold()}"}
    facts |= {"state:worker"} if one.worker else {"state:free"}
    tail = "  ".join(filter(None, (", ".join(labels), "has a worker" if one.worker else "")))
    text = clean_lines(it.body).splitlines()[:MOST_PREVIEW]
    by = "  ".join(filter(None, (author, ", ".join(labels), "has a worker" if one.worker else "no worker yet")))
    return Choice(
        it.number, f"#{it.number:<5}", clean(it.title, 300), tail, facts=frozenset(facts), preview=(by, "", *text)
    )


def worker_choice(row: WorkerRow) -> Choice:
    """A worker as a row; its branch and its pull request are searched too."""
    it, shown = row.worker, row.shown
    pull = f"pull request #{it.pull.number}" if it.pull else ""
    facts = {f"state:{shown.word.casefold()}", f"state:{shown.state.value}"}
    facts |= {f"label:{clean(one, 40).casefold()}" for one in it.labels}
    head = f"{shown.mark} #{it.id:<5} {clean(shown.word, 20):<12}"
    preview = (f"{shown.word} {age(row.state_age)}", row.why, "", f"branch {clean(it.branch, 200)}", pull)
    return Choice(
        it.id, head, clean(it.title, 300), "", shown.role, frozenset(facts), f"{clean(it.branch, 200)} {pull}", preview
    )


def issues_picker(project: Project, wishes: SpawnOptions | None = None) -> PickerView:
    """Start workers on the issues that are taken; one that has a worker is gone to."""

    def take(keys: Sequence[str]) -> Outcome:
        found = spawn(project, keys, (wishes or SpawnOptions())._replace(wait=False), lambda _: False)
        return Outcome(said="; ".join(map(_said, found)))

    def load() -> Rows:
        found = issues(project)
        return Rows([issue_choice(one) for one in found.listed], found.left_out)

    return PickerView(
        "Start a worker on", load, take,
        verb="spawns", empty="There is no open issue. orchestra new makes one.",
    )  # fmt: skip


def _said(one: Spawned) -> str:
    words = {"spawned": "starts", "queued": "waits in the queue", "existing": "has a worker already"}
    return f"#{one.id} {words.get(one.result) or f'failed: {clean(one.error or str(), 200)} ({one.hint})'}"


def task_picker(project: Project, take: Callable[[Sequence[str]], Outcome], *, many: bool) -> PickerView:
    """Choose workers; with `many` open issues without a worker too, which can be waited for."""

    def load() -> Rows:
        rows = [worker_choice(row) for row in overview(project, changes=False).rows]
        if not many:
            return Rows(rows)
        found = issues(project)
        return Rows([*rows, *(issue_choice(one) for one in found.listed if not one.worker)], found.left_out)

    return PickerView(
        "Wait for" if many else "On top of", load, take, verb="takes it", many=many,
        empty="There is no worker yet.",
    )  # fmt: skip


def workers_picker(project: Project, verbs: Verbs) -> PickerView:
    """Go to a worker's pane."""

    def load() -> Rows:
        return Rows([worker_choice(one) for one in overview(project, changes=False).rows if one.seen.pane is not None])

    return PickerView(
        "Go to", load, lambda keys: verbs.go(keys[0]), verb="goes there", many=False,
        empty="No worker has a pane. Start one: orchestra spawn ID",
    )  # fmt: skip
