"""What the board's keys do: the same verbs as the key table and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.dialogs import open_questions
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.tmux.client import surrounding_session
from orchestra.ui import dialogs, popups
from orchestra.ui.browser import open_pull
from orchestra.ui.needs import Need
from orchestra.ui.screens.verbs import Place, Verbs
from orchestra.workers.overview import pane_of, row_of, worker_of

if TYPE_CHECKING:
    from orchestra.commands.issues import Listed
    from orchestra.core.models import Worker
    from orchestra.ui.console import Console


class BoardActions:
    """The board's verbs for one project. What they return is said, or is the argv to leave with."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.project = console.deciding
        self.last = ""

    @property
    def within(self) -> bool:
        """Whether the board runs in a pane of the workspace."""
        outer = surrounding_session(self.console.environ)
        return bool(outer) and self.project.tmux.running() and outer[0] == self.project.tmux.server.path

    def issues(self) -> tuple[Listed, ...]:
        """The open issues."""
        from orchestra.commands.issues import issues

        return issues(self.project)

    def spawn(self, number: str) -> str | tuple[str, ...]:
        """A worker on the issue; one that is there is gone to."""
        from orchestra.commands.spawn import SpawnOptions, spawn

        found = self.project.store.read(number)
        pane = pane_of(self.project, found) if found else None
        if pane is not None and not pane.dead:
            return self.go(number)
        (one,) = spawn(self.project, [number], SpawnOptions(), lambda _: False)
        return f"#{one.id} {one.result}" + (f": {clean(one.error)} {one.hint}" if one.error else "")

    def go(self, number: str) -> str | tuple[str, ...]:
        """To the worker's pane."""
        from orchestra.commands.attach import attach

        if not self.within:
            return attach(self.project, number)
        pane = pane_of(self.project, worker_of(self.project, number))
        if pane is None:
            raise OrchestraError(f"#{number} has no pane", f"bring it back: orchestra spawn {number}")
        self.project.clients.travel(pane, self.console.environ.get("TMUX_PANE", ""))
        return ""

    def next(self) -> str | tuple[str, ...]:
        """To the worker that needs the user most, and from there to the next."""
        from orchestra.commands.attach import neediest

        row = neediest(self.project, self.last)
        if row is None:
            return "nobody needs you"
        self.last = row.worker.id
        return self.go(row.worker.id)

    def orchestrator(self) -> str | tuple[str, ...]:
        """To the orchestrator's window."""
        if not self.within:
            self.project.clients.goto("orchestrator")
            return self.project.clients.attach_argv(self.project.environ)
        self.project.clients.travel("orchestrator", self.console.environ.get("TMUX_PANE", ""))
        return ""

    def approve(self, worker: Worker) -> str:
        """Approve what the worker asks, as the board shows it."""
        asked = open_questions(worker)
        if not asked:
            raise OrchestraError(f"#{worker.id} has no open question")
        row = row_of(self.project, worker.id)
        return Verbs(self.console, Place()).approve(Need(row, asked[0]))

    def pull(self, worker: Worker) -> str:
        """The worker's pull request."""
        return open_pull(self.project, worker.id)

    def choose(self) -> str:
        """The number of a worker that the person chooses by number or words; empty when they leave."""
        from orchestra.workers.overview import overview

        try:
            return (
                popups.choose_worker([row for row in overview(self.project, changes=False).rows if row.seen.pane]) or ""
            )
        except OrchestraError as wrong:
            dialogs.read(f"{wrong.message}; Enter goes back ")
            return ""

    def dialog(self, name: str, number: str) -> str:
        """A dialog of the popups, in this terminal."""
        try:
            return popups.run_dialog(self.console, name, number)
        except OrchestraError as wrong:
            dialogs.read(f"{wrong.message}; Enter goes back ")
            return ""

    def back(self) -> bool:
        """To where the person came from; False outside of the workspace."""
        return self.within and self.project.clients.back()
