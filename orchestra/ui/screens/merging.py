"""The merge of a worker's change from a screen: what it will do, the question, then the offer to clean up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra.ui.screens.base import View

if TYPE_CHECKING:
    from orchestra.commands.merge import Merged, MergePlan


def start(view: View, number: str, then: Callable[[], None]) -> None:
    """Look at what a merge would do, and ask; `then` when anything has changed."""
    view.say(f"#{number}: looking at what a merge would do\u2026")
    view.run_apart(lambda: view.home.verbs.merge_plan(number), lambda found: _ask(view, found, then))


def _ask(view: View, wanted: MergePlan, then: Callable[[], None]) -> None:
    view.say("")
    lines = [f"merge #{wanted.worker.id} {wanted.worker.title}", *wanted.lines]

    def yes() -> None:
        if not view.sending:
            view.say("merging\u2026")
        view.run_once(lambda: view.home.verbs.merge(wanted), lambda done: _done(view, done, then))

    view.ask(lines, yes)


def _done(view: View, done: Merged, then: Callable[[], None]) -> None:
    then()
    view.say(done.warning or done.said, alarm=bool(done.warning))
    if not done.done or done.warning:
        return

    def prune() -> None:
        view.run_apart(lambda: view.home.verbs.prune(done.worker), view.say)

    view.ask([done.said, "remove its worktree and branch now? Its journal stays"], prune)
