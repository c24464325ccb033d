"""What needs the user, one after the other: each open request of each worker, then what stopped one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestra.core.dialogs import open_questions
from orchestra.core.models import ActivityState, Escalation, Gate, Status
from orchestra.core.records import Record
from orchestra.core.state import State
from orchestra.core.text import clean, clean_lines
from orchestra.ui.worker_table import answer_command
from orchestra.workers.overview import WorkerRow


class Need(Record):
    """One thing to answer or to look at: of which worker, and the request, where it is one."""

    row: WorkerRow
    asked: Escalation | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """What makes it the same one at the next look: worker and request."""
        worker = self.row.worker
        return worker.id, self.asked.request if self.asked else f"{self.row.shown.state} {worker.activity.since}"

    @property
    def state(self) -> State:
        """The word for it."""
        if self.asked is None:
            return self.row.shown.state
        named = {Gate.PERMISSION: State.PERMISSION, Gate.PLAN: State.PLAN, Gate.STUCK: State.STUCK}
        found = named.get(self.asked.gate, State.QUESTION)
        return State.QUESTION if found is State.STUCK and self.asked.options else found

    @property
    def is_dialog(self) -> bool:
        """Whether it is a dialog that is open in the agent's pane."""
        return self.asked is not None and self.asked in self.row.worker.dialogs

    @property
    def passes(self) -> bool:
        """Whether yes or no answers it."""
        return self.asked is not None and self.asked.gate in (Gate.PERMISSION, Gate.PLAN, Gate.DOMAIN)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The questions of which each wants an answer."""
        if self.asked is None:
            return ()
        if not self.asked.questions:
            return (Step("", self.asked.options, many=False),) if self.asked.options else ()
        return tuple(
            Step(clean(str(one.get("question")), 400), tuple(map(str, one.get("options") or ())), bool(one.get("many")))
            for one in self.asked.questions
        )


class Step(Record):
    """One question with its options; `many`: several may be chosen."""

    question: str
    options: tuple[str, ...]
    many: bool


def needs(rows: Iterable[WorkerRow]) -> list[Need]:
    """Everything that needs the user, the most urgent first."""
    found: list[Need] = []
    for row in rows:
        if not row.shown.needs_you:
            continue
        asks = open_questions(row.worker)
        found += [Need(row, asked) for asked in asks] or [Need(row)]
    return found


def text_of(need: Need) -> list[tuple[str, str]]:
    """What must be read before it is answered: label and text, line by line."""
    asked = need.asked
    if asked is None:
        said, why = _last_message(need.row), [("", need.row.why)]
        lines = [("", line) for line in said.splitlines()]
        return [*(why if need.state is not State.QUESTION else []), *lines, ("go on", answer_command(need.row))]
    lines = [("", clean(asked.summary, 1000))] if asked.gate is not Gate.PLAN else []
    lines += [("", line) for line in clean_lines(asked.context).splitlines()]
    lines += [("tried", clean(tried, 1000)) for tried in asked.tried]
    lines += [("needs", clean(asked.need, 1000))] if asked.need else []
    lines += [("always", f"Y allows this worker {clean(asked.rule, 500)} from now on")] if asked.rule else []
    return lines


def _last_message(row: WorkerRow) -> str:
    """What its agent said at the end of a turn that neither shipped nor asked; its reason shows the end of it only."""
    worker, doing = row.worker, row.worker.activity
    ended = doing.state is ActivityState.WAITING and worker.status in (Status.PLANNING, Status.WORKING)
    said = clean_lines(doing.detail) if ended else ""
    return said or (row.why if row.shown.state is State.QUESTION else "")


def start_at(found: Sequence[Need], worker: str) -> int:
    """Where to begin: at the worker of the pane if it needs the user, else at the most urgent."""
    return next((place for place, need in enumerate(found) if need.row.worker.id == worker), 0)
