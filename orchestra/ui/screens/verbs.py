"""What the keys of the full-screen views do: the verbs of the command line, for the terminal the view is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from orchestra.core.models import AnswerChannel
from orchestra.errors import OrchestraError
from orchestra.tmux.client import surrounding_session
from orchestra.workers.answers import Decision
from orchestra.workers.overview import pane_of, worker_of

if TYPE_CHECKING:
    from orchestra.commands.merge import Merged, MergePlan
    from orchestra.commands.review import Review
    from orchestra.project.context import Project
    from orchestra.ui.console import Console
    from orchestra.ui.needs import Need


class Outcome(NamedTuple):
    """How a view ended: what to run in this terminal then, and what to say to the user."""

    argv: tuple[str, ...] = ()
    said: str = ""


class Place(NamedTuple):
    """Where a view runs: in a popup over a pane, or in a terminal or window of its own."""

    popup: bool = False
    pane: str = ""
    worker: str = ""  # of the pane; empty: none
    opener: str = ""  # the action whose key opened the popup
    how: AnswerChannel = AnswerChannel.BOARD


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

    def approve(self, need: Need) -> str:
        """Yes to the request that is shown."""
        from orchestra.commands.approve import approve

        number = need.row.worker.id
        return "; ".join(
            self.console.render.decided("approved", number, approve(self.project, number, self._about(need)))
        )

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

        drafts = review.to_send(self.project, number)
        said = self.tell(number, review.message(number, drafts))
        review.sent(self.project, number, drafts)
        return said

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

    # --- go somewhere ---

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
        pane = pane_of(self.project, worker_of(self.project, number))
        if pane is None:
            raise OrchestraError(f"#{number} has no pane", f"bring it back: orchestra spawn {number}")
        self.project.clients.travel(pane, self._came_from)
        return Outcome()
