"""The pictures of the docs: the board and `list` as they are drawn, with a fixed clock, as SVG.

make pictures   write docs/pictures
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rich.cells import cell_len

from orchestra.core import events
from orchestra.core.models import Pane
from orchestra.ui.console import Console
from orchestra.ui.happened import history
from orchestra.ui.screens.board_pane import BoardPane, Detail
from orchestra.ui.screens.paper import from_ansi
from orchestra.ui.screens.verbs import Place, Verbs
from orchestra.ui.worker_page import Facts
from orchestra.workers.overview import WorkerRow
from support.boards import board, settled
from support.events import happened
from support.paths import ROOT
from support.person import configure, write_issue

PLACE = ROOT / "docs" / "pictures"
NOW = 1_790_000_000.0
ACROSS, DOWN = 8, 17  # of a character, in pixels
THEMES = {  # text, background, and the first eight colours
    "dark": ("#d0d0d0", "#101418",
             ("#101418", "#ff6b6b", "#7bd88f", "#f0c674", "#81a2ff", "#c792ea", "#56d4dd", "#e5e5e5")),
    "light": ("#202020", "#fdfdf8",
              ("#202020", "#b3261e", "#1b7a34", "#8a6100", "#1f4fd1", "#8e24aa", "#00707a", "#5f5f5f")),
}  # fmt: skip
BOARDS: Mapping[str, tuple[tuple[int, int], str, Mapping[str, str]]] = {
    "board-80x24": ((80, 24), "dark", {}),
    "board-120x36": ((120, 36), "dark", {}),
    "board-120x36-light": ((120, 36), "light", {}),
    "board-200x60": ((200, 60), "dark", {}),
    "board-80x24-no-color": ((80, 24), "dark", {"NO_COLOR": "1"}),
    "board-80x24-c-locale": ((80, 24), "dark", {"LC_ALL": "C"}),
}
LISTS = {"list-80": "dark", "list-80-light": "light"}
ISSUES = (
    (1, "Export the catalogue as CSV", "feature"),
    (2, "Refresh sign-in tokens before people are signed out", "feature, auth"),
    (3, "Prices lose their last zero", "bug"),
    (4, "Find a widget by a part of its name", "feature"),
)


def repository(where: Path) -> None:
    """A repository with issues, and no remote."""
    where.mkdir()
    configure(where, "agent: scripted", "tracker: local")
    for number, title, labels in ISSUES:
        write_issue(where, number, title, "People want this.", labels=f"[{labels}]")
    for argv in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-qm", "first")):
        subprocess.run(["git", "-C", str(where), *argv], check=True)


def workers(console: Console) -> None:
    """Three workers: one asks, one is ready, one works."""
    store = console.project.store

    def at(seconds: float) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - seconds))

    def record(number: str, what: str, by: str, ago: float, **facts: Any) -> None:
        store.record(number, happened(what, by, **facts)._replace(at=at(ago)))

    for number, title, labels in ISSUES[:3]:
        facts = {"id": str(number), "title": title, "branch": f"issue-{number}", "base": "main", "nonce": f"n{number}",
                 "labels": labels.split(", "), "worktreePath": f"/home/ada/widgets-issue-{number}",
                 "agent": "scripted", "agentSession": f"5{number}", "baseCommit": "0" * 40}  # fmt: skip
        record(str(number), "spawned", "human", 600, queued=False, **facts)
        record(str(number), "accepted", "hook", 590, guidance=[])
        record(str(number), "reported", "worker", 500, status="working")
    store.record("1", events.shipped_locally("worker", "git diff main...issue-1")._replace(at=at(540)))
    store.record("1", events.idle("hook")._replace(at=at(535)))
    asked = {"gate": "domain", "summary": "Token refresh approach?", "options": ["sliding", "fixed"], "request": "r1"}
    asked["context"] = "Sliding: every use gives another hour. Fixed: only a use in the last ten minutes does."
    record("2", "escalated", "worker", 180, **asked)


def svg(lines: Sequence[Sequence[tuple[str, Any]]], columns: int, theme: str) -> str:
    """Lines of pieces, each a text with its style, as one SVG that loads nothing."""
    back = THEMES[theme][1]
    wide, high = columns * ACROSS + 16, len(lines) * DOWN + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        'font-family="ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="13">',
        f'<rect width="100%" height="100%" rx="6" fill="{back}"/>',
    ]
    for row, line in enumerate(lines):
        column = 0
        for text, style in line:
            parts += _piece(text, style, 8 + column * ACROSS, 8 + row * DOWN, theme)
            column += cell_len(text)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _piece(text: str, style: Any, x: int, y: int, theme: str) -> Iterator[str]:
    fore = _colour(style, theme)
    wide = cell_len(text) * ACROSS
    if style and style.reverse:
        yield f'<rect x="{x}" y="{y}" width="{wide}" height="{DOWN}" fill="{fore}"/>'
        fore = THEMES[theme][1]
    if text.strip():
        more = ' font-weight="bold"' if style and style.bold else ""
        more += ' opacity=".62"' if style and style.dim else ""
        yield (
            f'<text x="{x}" y="{y + 13}" fill="{fore}" textLength="{wide}" xml:space="preserve"{more}>'
            f"{escape(text)}</text>"
        )


def _colour(style: Any, theme: str) -> str:
    number = style.color.number if style and style.color else None
    return THEMES[theme][2][number % 8] if number is not None else THEMES[theme][0]


PANES = {
    number: Pane(f"%{number}", number, f"n{number}", "@1", dead=False, exit_status=None, pid=1) for number in "123"
}
SCREEN = ("\u25cf write widgets/prices.py", "    12 lines", "\u25cf run python3 -m unittest -q", "    OK", "\u276f")


def look_up(board_pane: BoardPane, row: WorkerRow) -> Detail:
    """What the board looks up about a worker, its pane being one that is made up."""
    number = row.worker.id
    happened_ = history(board_pane.home.project.store.journal(number))
    return Detail(number, Facts(happened_, ()), SCREEN)


def open_panes(_: object) -> tuple[Mapping[tuple[str, str], Pane], bool]:
    """The panes of a workspace that is open."""
    return {(pane.worker, pane.nonce): pane for pane in PANES.values()}, True


def drawn() -> dict[str, str]:
    """Every picture by its name, made anew; HOME and ORCHESTRA_HOME are the caller's, and throw-away."""
    with patch("orchestra.workers.overview._panes", open_panes), patch.object(BoardPane, "_look_up", look_up):
        return _drawn()


def _drawn() -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="pictures-", dir="/tmp") as scratch:
        where = Path(scratch) / "widgets"
        repository(where)
        environ = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        console = Console(str(where), environ, lambda: NOW)
        workers(console)
        found = {name: _board(where, environ, *how) for name, how in BOARDS.items()}
        table = [from_ansi(line) for line in Verbs(console, Place()).table(80)]
        return found | {name: svg(table, 80, theme) for name, theme in LISTS.items()}


def _board(where: Path, environ: Mapping[str, str], size: tuple[int, int], theme: str, more: Mapping[str, str]) -> str:
    async def story() -> str:
        console = Console(str(where), {**environ, **more}, lambda: NOW)
        async with board(console).run_test(size=size) as pilot:
            await settled(pilot, "Find a widget")
            if size[0] >= 100:
                await settled(pilot, "what happened")
            await pilot.pause(0.3)
            strips = pilot.app.screen._compositor.render_strips()
            return svg([[(one.text, one.style) for one in strip] for strip in strips], size[0], theme)

    return asyncio.run(story())


def main() -> None:
    """Write them."""
    with tempfile.TemporaryDirectory() as home:
        kept = {key: os.environ[key] for key in ("PATH",) if key in os.environ}
        os.environ.clear()
        os.environ.update(kept, HOME=home, ORCHESTRA_HOME=f"{home}/o", TMUX_TMPDIR=home, GIT_CONFIG_NOSYSTEM="1")
        (Path(home) / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.invalid\n")
        shutil.rmtree(PLACE, ignore_errors=True)
        PLACE.mkdir(parents=True)
        for name, text in drawn().items():
            (PLACE / f"{name}.svg").write_text(text)


if __name__ == "__main__":
    main()
