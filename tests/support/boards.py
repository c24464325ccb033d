"""Workers on record and a board under Textual's pilot."""

from __future__ import annotations

from orchestra.ui.console import Console
from orchestra.ui.screens.app import Orchestra
from orchestra.ui.screens.board import BoardView
from support.events import happened


def record(console: Console, number: int, title: str, status: str = "working", worktree: str = "", **more: str) -> None:
    """A worker on record, without an agent."""
    store = console.project.store
    facts = {"id": str(number), "title": title, "branch": f"issue-{number}", "base": "main", "nonce": f"n{number}"}
    facts |= {
        "worktreePath": worktree or f"/nowhere/{number}",
        "agent": "scripted",
        "agentSession": "s",
        "baseCommit": "0" * 40,
    }
    facts |= more
    store.record(str(number), happened("spawned", "human", queued=False, **facts))
    store.record(str(number), happened("accepted", "hook", guidance=[]))
    if status == "stuck":
        asked = {"gate": "domain", "summary": f"What about {title}?", "options": ["red", "blue"], "request": "r1"}
        store.record(str(number), happened("escalated", "worker", **asked))


def board(console: Console) -> Orchestra:
    """The app with the board."""
    return Orchestra(console, BoardView)


def drawn(app: object) -> str:
    """What is on the pilot's screen."""
    lines = app.screen._compositor.render_strips()  # type: ignore[attr-defined]
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


async def settled(pilot: object, words: str) -> str:
    """Wait until these words are on the screen."""
    for _ in range(200):
        await pilot.pause(0.02)  # type: ignore[attr-defined]
        if words in (text := drawn(pilot.app)):  # type: ignore[attr-defined]
            return text
    raise AssertionError(f"{words!r} is not on\n{drawn(pilot.app)}")  # type: ignore[attr-defined]
