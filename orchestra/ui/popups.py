"""What the popups of the key table show and do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from orchestra.core.models import AnswerChannel
from orchestra.core.state import State
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.ui.console import Console
from orchestra.ui.needs import needs
from orchestra.ui.screens.verbs import Outcome, Place, Verbs

ABOUT_WORKER = ("log", "edit", "restart", "cancel")
NEEDS = ("tell", "approve", "deny", "gates")  # four ways into one screen
PICKERS = ("issues", "workers")

if TYPE_CHECKING:
    from orchestra.commands.spawn import SpawnOptions
    from orchestra.ui.key_context import KeyContext
    from orchestra.ui.screens.base import View


def help_lines(console: Console) -> list[str]:
    """The keys, and what prevents them."""
    from orchestra.core.actions import chosen

    project = console.project
    key = project.config.tmux.key
    taken = project.key_bindings.taken() if project.tmux.running() else ""
    lines = [f"prefix {key}, then:", *key_lines(chosen(project.config.keys))]
    if not project.tmux.server.guest:  # there the mouse belongs to the user
        lines.append("right click on an issue's number: a menu; double click: spawn")
    if taken:
        lines.append(f"not bound: prefix {key} does this already: {taken}; choose another in tmux: {{key: ...}}")
    return lines


def key_lines(chosen: Mapping[str, str]) -> list[str]:
    """The key table, a line an action that has a key."""
    from orchestra.core.actions import ACTIONS

    return [f"  {chosen[one.name]:<6} {one.words}" for one in ACTIONS if one.name in chosen]


def spawned(context: KeyContext, number: str) -> str:
    """Spawn a worker; returns how it went."""
    from orchestra.commands.spawn import SpawnOptions, spawn

    (one,) = spawn(context.project, [number], SpawnOptions(), lambda _: False)
    if one.result == "failed":
        return f"#{one.id} failed: {clean(one.error or '')} ({one.hint})"
    return f"#{one.id} " + {"spawned": "works", "queued": "waits in the queue"}.get(one.result, "has a worker already")


def popup(console: Console, context: KeyContext, name: str, *, framed: bool = False) -> str:
    """What a popup shows; returns what to say when it has closed."""
    place = Place(
        popup=True, pane=context.pane, worker=context.number, opener=name, how=AnswerChannel.POPUP, framed=framed
    )
    if name in ("diff", "merge"):
        number = context.number or to_review(console)
        return show_review(console, number, place, merge=name == "merge").said
    if name in ABOUT_WORKER:
        worker = context.number if name == "log" else context.worker.id
        return show_about_worker(console, worker, place).said
    if name == "help":
        return show_keys(console, place).said
    if name == "new":
        return show_new_task(console, place).said
    if name in PICKERS:
        return show_picker(console, name, place).said
    if name == "list":
        return show_list(console, place).said
    if name == "tell" and not context.number:
        raise OrchestraError("this is not a worker's pane", "choose one with the worker picker")
    if name != "tell" and (quiet := nothing_to_answer(console)):
        return quiet
    return show_needs(console, name, place).said


def to_review(console: Console) -> str:
    """The worker to review where the pane belongs to none: the first that is ready."""
    from orchestra.workers.overview import overview

    rows = overview(console.project, changes=False).rows
    ready = [row.worker.id for row in rows if row.shown.state is State.READY]
    if not ready:
        raise OrchestraError("this pane is not a worker's, and none is ready to review", "go to a worker's pane first")
    return ready[0]


def nothing_to_answer(console: Console) -> str:
    """What to say where nothing needs the user; empty where something does."""
    from orchestra.workers.overview import overview

    rows = overview(console.project, changes=False).rows
    if needs(rows):
        return ""
    ready = [row.worker.id for row in rows if row.shown.state is State.READY]
    listed = ", ".join(f"#{number}" for number in ready)
    return f"nobody needs you; {len(ready)} ready: {listed}" if ready else "nobody needs you"


def show_needs(console: Console, first: str, place: Place) -> Outcome:
    """What needs the user, on the whole terminal."""
    wanted = place.worker if first == "tell" else ""

    def view() -> View:
        from orchestra.ui.screens.needs import NeedsView

        return NeedsView(first, wanted)

    return show_view(console, view, place, "orchestra gates, orchestra tell ID TEXT")


def show_about_worker(console: Console, worker: str, place: Place) -> Outcome:
    """Its log, its worktree in the editor, or the question before it is started again or ended."""
    if place.opener == "edit":
        from orchestra.ui.editor import run_editor

        run_editor(*Verbs(console, place).editor(worker))
        return Outcome()

    def view() -> View:
        from orchestra.ui.screens.text import AskView, TextView

        verbs = Verbs(console, place)
        if place.opener == "log":
            return TextView(
                f"#{worker}: what happened" if worker else "What happened", lambda _: verbs.log(worker), "log"
            )
        return AskView(worker, place.opener)

    return show_view(console, view, place, "orchestra log ID, restart ID, cancel ID")


def show_list(console: Console, place: Place) -> Outcome:
    """Every worker as a table, which scrolls and follows what happens."""

    def view() -> View:
        from orchestra.ui.screens.text import TextView

        return TextView("Workers", Verbs(console, place).table, "list")

    return show_view(console, view, place, "orchestra list")


def show_keys(console: Console, place: Place) -> Outcome:
    """The keys; a small terminal scrolls them."""

    def view() -> View:
        from orchestra.ui.screens.text import TextView

        return TextView("Keys", lambda _: help_lines(console), "help")

    return show_view(console, view, place, "orchestra keys")


def show_one_screen(console: Console, name: str) -> Outcome:
    """One screen of the board alone, in this terminal."""
    place = Place(how=AnswerChannel.COMMAND)
    if name == "needs":
        return Outcome(said=quiet) if (quiet := nothing_to_answer(console)) else show_needs(console, "gates", place)
    if name == "review":
        return show_review(console, to_review(console), place)
    if name == "new":
        return show_new_task(console, place)
    if name == "list":
        return show_list(console, place)
    return show_picker(console, name, place)


def show_board(console: Console) -> Outcome:
    """The board, on the whole terminal."""

    def view() -> View:
        from orchestra.ui.screens.board import BoardView

        return BoardView()

    return show_view(console, view, Place(), "orchestra list, orchestra issues")


def show_review(console: Console, worker: str, place: Place, *, merge: bool = False) -> Outcome:
    """The review of a worker's change, on the whole terminal."""

    def view() -> View:
        from orchestra.ui.screens.review import ReviewView

        return ReviewView(worker, merge=merge)

    return show_view(console, view, place, "orchestra diff ID, orchestra review ID --send")


def show_new_task(console: Console, place: Place) -> Outcome:
    """The form of a new task, on the whole terminal."""

    def view() -> View:
        from orchestra.ui.screens.new_task import NewTaskView

        return NewTaskView()

    return show_view(console, view, place, "orchestra new TITLE")


def show_picker(console: Console, name: str, place: Place, wishes: SpawnOptions | None = None) -> Outcome:
    """Choose issues to start workers on, or a worker to go to, on the whole terminal."""

    def view() -> View:
        from orchestra.ui.screens import choices
        from orchestra.ui.screens.verbs import Verbs

        if name == "issues":
            return choices.issues_picker(console.deciding, wishes)
        return choices.workers_picker(console.project, Verbs(console, place))

    return show_view(console, view, place, "orchestra issues, orchestra spawn ID, orchestra attach ID")


def show_view(console: Console, view: Callable[[], View], place: Place, elsewhere: str) -> Outcome:
    """Run the app with one screen; what it needs is imported only then."""
    import gc
    import sys

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise OrchestraError("this needs a terminal", f"elsewhere: {elsewhere}")
    gc.disable()  # until the first screen: nothing that is imported is garbage
    if console.environ.get("TMUX"):
        load_for_tmux()
    from orchestra.ui.screens.app import Orchestra

    app = Orchestra(console, view, place)
    ended = app.run()
    if app.bug is not None:
        raise app.bug
    return ended or Outcome()


def load_for_tmux() -> None:
    """Load Textual so that it hardly waits for more after an Esc: tmux writes a key that is a sequence in one go."""
    import os

    if "ESCDELAY" not in os.environ:
        os.environ["ESCDELAY"] = "20"  # read once, when this module is imported
        import textual.constants  # noqa: F401

        del os.environ["ESCDELAY"]
