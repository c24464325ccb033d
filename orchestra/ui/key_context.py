"""Where a person stands when they press a key: the project, the pane, its worker, and the terminal to answer on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from orchestra.core.models import How, Worker
from orchestra.errors import OrchestraError
from orchestra.project.context import Orchestra, home_of, open_orchestra
from orchestra.storage import project_info as bearings
from orchestra.tmux.client import inside
from orchestra.tmux.workspace import Tmux
from orchestra.workers.overview import worker_of

if TYPE_CHECKING:
    from orchestra.core.issue_refs import Spot


class Desk(NamedTuple):
    """`tmux` is the server the person is in: ours, or their own; `number` the worker of the pane, or empty."""

    orchestra: Orchestra
    tmux: Tmux
    pane: str
    number: str
    client: str
    how: How = How.KEY

    @property
    def worker(self) -> Worker:
        """The worker of the pane; raises OrchestraError when the pane is no worker's."""
        if not self.number:
            raise OrchestraError("this pane is no worker's", "choose one with the worker picker")
        return worker_of(self.orchestra, self.number)

    @property
    def slug(self) -> str:
        """`owner/repo`, or the directory's name."""
        return self.orchestra.title

    def spot(self, mouse: tuple[int, int] | None) -> Spot:
        """The text around the cursor, or around where the mouse was."""
        return self.tmux.spot(self.pane, mouse)

    def say(self, text: str) -> None:
        """A line for the person; nothing where there is no terminal to show it."""
        if self.client:
            self.tmux.message(self.client, text)

    def popup(self, name: str) -> None:
        """Open a popup of ours over where the person is."""
        self.tmux.popup(self.client, self.orchestra.program(), name)


def around(environ: Mapping[str, str], now: Callable[[], float], pane: str = "", client: str = "") -> Desk:
    """The desk at a pane of the tmux server of `environ`; without `pane`, at its session's active one."""
    if "ORCHESTRA_WORKER" in environ:
        raise OrchestraError("a worker cannot do this; a person does", "ask for it: orchestra worker escalate SUMMARY")
    outer = inside(environ)
    if not outer:
        raise OrchestraError("this is not inside tmux", "press the key in a pane, or name the worker")
    path, session = outer
    here = Tmux(path, "", environ)
    pane = pane or here.here(session)
    worker, project, directory = here.facts(pane)
    known = bearings.read(os.path.join(home_of(environ), "cache", project)) if project else None
    orchestra = open_orchestra(known.root if known else directory, environ, now)
    ours = os.path.realpath(orchestra.tmux.server.path) == os.path.realpath(path)
    return Desk(orchestra, orchestra.tmux if ours else here, pane, worker, client)
