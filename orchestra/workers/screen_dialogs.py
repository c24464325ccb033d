"""A dialog of which no hook tells, answered by keys in its pane on the user's word, while it is that very dialog."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from zlib import crc32

from orchestra import agents
from orchestra.agents.records import ScreenDialog
from orchestra.core import events
from orchestra.core.dialogs import ON_SCREEN
from orchestra.core.models import Escalation, Gate, Pane, Worker
from orchestra.core.waiting import pause, wait_until
from orchestra.errors import OrchestraError

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.tmux.pane_io import PaneIO

KEY_SECONDS = 2.0  # until the screen shows what a key did; one that comes while a dialog is drawn is lost
MOST_KEYS = 30
AGAIN_SECONDS = 0.3  # between two looks: half a redraw shows a dialog or a box where there is none


def read(panes: PaneIO, worker: Worker, pane: Pane) -> ScreenDialog | None:
    """The dialog that the pane shows now."""
    return agents.agent(worker.agent).read_dialog(panes.drawn(pane))


def as_question(found: ScreenDialog) -> Escalation:
    """The dialog as a gate. Yes and no are a permission; anything else asks to choose."""
    said = " / ".join(found.text.split("\n"))
    lines = [*found.text.split("\n"), *found.options]
    request = f"{ON_SCREEN}{crc32(chr(10).join(lines).encode('utf-8', 'replace')):08x}"
    words = sorted(option.partition(",")[0].casefold() for option in found.options)
    if words == ["no", "yes"]:
        return Escalation(Gate.PERMISSION, said[:200], found.text, request=request)
    asked = {"question": said[:200], "options": list(found.options), "many": False}
    return Escalation(Gate.QUESTION, said[:200], found.text, options=found.options, request=request, questions=(asked,))


def option_for(number: str, asked: Escalation, found: ScreenDialog, behavior: str, answers: Sequence[str]) -> int:
    """Which option an answer means; raises OrchestraError when it means none of them."""
    if asked.gate is Gate.PERMISSION or behavior == "deny":
        word = "yes" if behavior == "allow" else "no"
        place = next((at for at, one in enumerate(found.options) if one.partition(",")[0].casefold() == word), None)
    else:
        place = next((at for at, one in enumerate(found.options) if [one] == [*answers]), None)
    if place is None:
        listed = "; ".join(f"{at}. {option}" for at, option in enumerate(found.options, 1))
        raise OrchestraError(
            f"#{number}: the dialog in its pane has no such answer: {listed}", f"orchestra tell {number} 1"
        )
    return place


def choose(project: Project, worker: Worker, pane: Pane, place: int) -> bool:
    """Press the keys of that option, each only when the screen shows what the one before did; whether it is closed."""
    wanted = _shown(project, worker, pane)
    for _ in range(MOST_KEYS):
        found = read(project.panes, worker, pane)
        if found is None or as_question(found).request != wanted:
            return True
        if found.keys:
            project.panes.press(pane, found.keys[place])
        elif found.chosen == place:
            project.panes.press(pane, "Enter")
        else:
            project.panes.press(pane, "Down" if found.chosen < place else "Up")
        wait_until(lambda before=found: read(project.panes, worker, pane) != before, KEY_SECONDS)  # type: ignore[misc]
    return False


def record_idle(project: Project, worker: Worker, pane: Pane) -> None:
    """After a no the agent may be back at its prompt, of which no hook tells."""
    agent = agents.agent(worker.agent)

    def waits() -> bool:
        screen = project.panes.drawn(pane)
        return agent.composer_text(screen) is not None and not agent.at_work(screen)

    if waits():
        pause(AGAIN_SECONDS)
        if waits():
            project.store.record(worker.id, events.idle("monitor"))


def _shown(project: Project, worker: Worker, pane: Pane) -> str:
    found = read(project.panes, worker, pane)
    return as_question(found).request if found else ""
