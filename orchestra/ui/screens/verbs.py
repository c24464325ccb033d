"""What the keys of the full-screen views do: the verbs of the command line, for the terminal the view is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra.core.models import AnswerChannel, Status
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.tmux.client import surrounding_session
from orchestra.workers.answers import Decision
from orchestra.workers.overview import pane_of, worker_of

if TYPE_CHECKING:
    from orchestra.commands.issues import OpenIssues
    from orchestra.commands.merge import Merged, MergePlan
    from orchestra.commands.review import Review
    from orchestra.project.context import Project
    from orchestra.ui.console import Console
    from orchestra.ui.needs import Need


class Outcome(Record):
    """How a view ended: what to run in this terminal then, and what to say to the user."""

    argv: tuple[str, ...] = ()
    said: str = ""


class Place(Record):
    """Where a view runs: in a popup over a pane, or in a terminal or window of its own."""

    popup: bool = False
    pane: str = ""
    worker: str = ""  # of the pane; empty: none
    opener: str = ""  # the action whose key opened the popup
    how: AnswerChannel = AnswerChannel.BOARD
    framed: bool = False  # tmux has drawn a frame around the popup


class Verbs:
    """The verbs for one project. Each returns what to say, or how the view ends."""

    def __init__(self, console: Console, place: Place) -> None:
        self.console, self.place = console, place

    @property
    def project(self) -> Project:
        """The project, for what decides: never from a worker's own pane."""
        return self.console.deciding

    def _about(self, need: Need) -> Decision:
        return Decision(self.place.how, (need.asked.request,) if need.asked else ())

    def tell(self, number: str, words: str) -> str:
        """Guidance, which answers nothing."""
        from orchestra.commands.tell import tell

        return str(self.console.render.told(tell(self.project, number, words, Decision(self.place.how, ()))))

    def answer(self, need: Need, given: Sequence[str]) -> str:
        """Answers to the questions of a request, in their order; guidance where nothing is asked."""
        from orchestra.commands.tell import tell

        decision = self._about(need)._replace(answers=tuple(given))
        return str(self.console.render.told(tell(self.project, need.row.worker.id, "\n".join(given), decision)))

    def approve(self, need: Need, *, always: bool = False) -> str:
        """Yes to the request that is shown; `always`: to the same call of this worker from now on, too."""
        from orchestra.commands.approve import approve

        number = need.row.worker.id
        decision = self._about(need)._replace(always=always)
        return "; ".join(self.console.render.decided("approved", number, approve(self.project, number, decision)))

    def deny(self, need: Need, words: str) -> str:
        """No to the request that is shown, with the reason."""
        from orchestra.commands.deny import deny

        number = need.row.worker.id
        return "; ".join(
            self.console.render.decided("denied", number, deny(self.project, number, words, self._about(need)))
        )

    # --- review and merge ---

    def review(self, number: str, since: str = "", *, ignore_space: bool = False) -> Review:
        """What a worker has changed, and the comments that are kept."""
        from orchestra.commands.review import review

        return review(self.console.project, number, since, ignore_space=ignore_space)

    def send_review(self, number: str) -> str:
        """All kept comments to the worker as one guidance; they are kept until that is on record."""
        from orchestra.commands import review

        with review.to_send(self.project, number) as drafts:
            return self.tell(number, review.message(number, drafts))

    def post_review(self, number: str, head: str, event: str, words: str = "") -> str:
        """All comments as one review on GitHub."""
        from orchestra.commands.review import post

        return post(self.project, number, head, event, words)

    def merge_plan(self, number: str) -> MergePlan:
        """What a merge would do now."""
        from orchestra.commands.merge import plan

        return plan(self.project, number)

    def merge(self, wanted: MergePlan) -> Merged:
        """Do it."""
        from orchestra.commands.merge import merge

        return merge(self.project, wanted)

    def prune(self, number: str) -> str:
        """Remove the worktree and branch of one worker, where nothing of it is lost."""
        from orchestra.commands.prune import prune

        done = prune(self.project, dry_run=False, only=number)
        kept = "; ".join(one.why for one in done.kept)
        return f"#{number} stays: {kept}" if kept else f"#{number}: its worktree and branch are removed"

    def pull(self, number: str) -> str:
        """Its pull request in the browser."""
        from orchestra.ui.browser import open_pull

        return open_pull(self.project, number)

    def log(self, number: str) -> list[str]:
        """What happened to a worker, the newest first; without a number to all of them."""
        from orchestra.ui.happened import history

        store = self.console.project.store
        numbers = [number] if number else [worker.id for worker in store.listing().workers]
        found = [(one.at, one.words, each) for each in numbers for one in history(store.journal(each))]
        found.sort(key=lambda one: one[0], reverse=True)
        return [f"{at[:10]} {at[11:16]}  {'' if number else f'#{each} '}{words}" for at, words, each in found]

    def table(self, columns: int) -> list[str]:
        """The workers of this project, as `orchestra list` prints them."""
        from orchestra.commands.list import list_
        from orchestra.ui import worker_table
        from orchestra.ui.paint import Paint

        console = self.console
        paint = Paint(console.paint.look, columns, colour=True)
        return [*worker_table.table(list_(console.project), console.title, paint)]

    def all_projects(self, columns: int) -> list[str]:
        """The workers of every project on this machine, as `orchestra list --all` prints them."""
        from orchestra.commands.list import Filters, list_all
        from orchestra.ui import worker_table
        from orchestra.ui.paint import Paint

        paint = Paint(self.console.paint.look, columns, colour=True)
        lines = list[str]()
        for one in list_all(self.console.environ, self.console.now, Filters()):
            lines += ["", *worker_table.table(one.view, one.title, paint, name=one.name)]
        return lines[1:]

    def editor(self, number: str) -> tuple[tuple[str, ...], str]:
        """The argv that opens a worker's worktree in the user's editor, and the worktree."""
        from orchestra.ui.editor import editor_argv

        worker = worker_of(self.project.store, number)
        if not self.project.repository.ready(worker.worktree):
            raise OrchestraError(f"#{number} has no worktree", f"see it: orchestra show {number}")
        return editor_argv(self.project.environ, worker.worktree), worker.worktree

    # --- steer ---

    def pause(self, number: str) -> str:
        """Pause a worker, or go on when it is paused."""
        from orchestra.commands.pause import pause
        from orchestra.commands.resume import resume

        if worker_of(self.project.store, number).status is Status.PAUSED:
            return f"#{number} goes on: {resume(self.project, number).status.value}"
        pause(self.project, number)
        return f"#{number} paused"

    def restart(self, number: str) -> str:
        """Start its agent again, in its conversation."""
        from orchestra.commands.restart import restart

        restart(self.project, number, fresh=False)
        return f"#{number} started again in its conversation"

    def cancel(self, number: str) -> str:
        """End a worker; its work stays."""
        from orchestra.commands.cancel import cancel

        worker = cancel(self.project, number)
        return f"#{number} cancelled; its work stays on {worker.branch}"

    def queue(self, number: str, what: str) -> str:
        """Move a queued worker `up` or `down`, or `hold` it; one that is held is released."""
        from orchestra.commands import queue

        worker = worker_of(self.project.store, number)
        if what != "hold":
            places = queue.queue_move(self.project, number, what).rows
            place = next((row.place for row in places if row.worker.id == number), 0)
            return f"#{number} is number {place} of {len(places)} in the queue"
        if worker.on_hold:
            queue.queue_release(self.project, number)
            return f"#{number} starts when its turn comes"
        queue.queue_hold(self.project, number)
        return f"#{number} stays in the queue; H lets it start"

    def auto(self) -> str:
        """Stop what starts by itself, or let it go on."""
        from orchestra.commands.queue import queue_auto

        return queue_auto(self.project, on=None)

    def spawn(self, numbers: Sequence[str]) -> str | Outcome:
        """A worker on each issue; where there is only one, and it has a worker with a pane, go to it."""
        from orchestra.commands.spawn import SpawnOptions, spawn

        found = self.project.store.read(numbers[0]) if len(numbers) == 1 else None
        pane = pane_of(self.project, found) if found else None
        if pane is not None and not pane.dead:
            return self.go(numbers[0])
        results = spawn(self.project, numbers, SpawnOptions(), lambda _: False)
        said = ", ".join(f"#{one.id} {one.result}" + (f": {clean(one.error)}" if one.error else "") for one in results)
        if hints := [one.hint for one in results if one.result == "failed"]:
            raise OrchestraError(said, hints[0])
        return said

    def issues(self) -> OpenIssues:
        """The open issues."""
        from orchestra.commands.issues import issues

        return issues(self.console.project)

    # --- go somewhere ---

    def next(self, after: str) -> tuple[str, Outcome] | None:
        """To the worker that needs the user most, and from `after` to the next one; None: nothing needs the user."""
        from orchestra.commands.attach import neediest

        row = neediest(self.project, after)
        return None if row is None else (row.worker.id, self.go(row.worker.id))

    def orchestrator(self) -> Outcome:
        """To the orchestrator's window."""
        if not self.within:
            self.project.clients.goto("orchestrator")
            return Outcome(self.project.clients.attach_argv(self.project.environ))
        self.project.clients.travel("orchestrator", self._came_from)
        return Outcome()

    def back(self) -> bool:
        """To where the user came from; False outside of the workspace."""
        return self.within and self.project.clients.back()

    @property
    def within(self) -> bool:
        """Whether the view runs in a pane of the workspace, or in a popup over one."""
        outer = surrounding_session(self.console.environ)
        return bool(outer) and self.project.tmux.running() and outer[0] == self.project.tmux.server.path

    @property
    def _came_from(self) -> str:
        return self.place.pane or self.console.environ.get("TMUX_PANE", "")

    def go(self, number: str) -> Outcome:
        """To the worker's pane."""
        from orchestra.commands.attach import attach

        if not self.within:
            return Outcome(attach(self.project, number))
        pane = pane_of(self.project, worker_of(self.project.store, number))
        if pane is None:
            raise OrchestraError(f"#{number} has no pane", f"bring it back: orchestra spawn {number}")
        self.project.clients.travel(pane, self._came_from)
        return Outcome()
