"""A layout for a session that runs: which pane goes where, as commands. Panes are moved, never run again. Pure.

No living pane is ended. One that a layout has no place for is kept in a window of its own, and found again by the next
layout that has; a pane that the user opened stays where it is.
"""

from __future__ import annotations

from orchestra.core.records import Record
from orchestra.core.tmux_layout import pane_count
from orchestra.tmux import commands as conf
from orchestra.tmux.panes import windows_by_key

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from orchestra.core.models import PanePlan, WindowPlan
    from orchestra.tmux.commands import Command, Group
    from orchestra.tmux.panes import PaneRow

PART = "@orchestra_part"


class DesiredWindow(Record):
    """A window as it should be: the ids of its panes in their order."""

    key: str
    plan: WindowPlan
    panes: tuple[str, ...]


def missing_panes(rows: Sequence[PaneRow], plans: Sequence[WindowPlan]) -> list[tuple[str, WindowPlan]]:
    """The panes that a layout has and the session has not, each as a window of its own, with its key."""
    found = _matched(rows, plans)
    return [
        (f"{key}.{place}", plan._replace(panes=(pane._replace(focus=False),), layout=""))
        for key, plan in windows_by_key(plans)
        for place, pane in enumerate(plan.panes)
        if (key, place) not in found
    ]


def desired_windows(rows: Sequence[PaneRow], plans: Sequence[WindowPlan], per_window: int) -> list[DesiredWindow]:
    """The windows in the layout's order; the workers, by number, fill pages of `per_window`."""
    found = _matched(rows, plans)
    workers = [row.pane for row in sorted(rows, key=lambda row: (len(row.worker), row.worker)) if row.worker]
    pages = [tuple(workers[first : first + per_window]) for first in range(0, len(workers), per_window)]
    keys = iter(windows_by_key(plans))
    wanted: list[DesiredWindow] = []
    for plan in plans:
        if plan.panes:
            key, _ = next(keys)
            here = [found[key, place].pane for place in range(len(plan.panes)) if (key, place) in found]
            wanted += [DesiredWindow(key, plan, tuple(here))] if here else []
        elif plan.role == conf.WORKERS:
            for number, page in enumerate(pages, 1):
                name = conf.WORKERS if number == 1 else f"{conf.WORKERS}-{number}"
                shared = plan._replace(name=name, layout="tiled")
                wanted.append(DesiredWindow(f"{conf.WORKERS}.{number}.{name}", shared, page))
    return wanted


def is_arranged(rows: Iterable[PaneRow], wanted: Iterable[DesiredWindow]) -> bool:
    """Whether every pane is in its place."""
    sides: dict[str, list[str]] = {}
    for row in rows:
        if row.part or row.worker:
            sides.setdefault(row.window, []).append(row.pane)
    return all(list(room.panes) in sides.values() for room in wanted)


def arrange_commands(
    rows: Sequence[PaneRow], wanted: Sequence[DesiredWindow], active: str, forget: Iterable[str]
) -> list[Group]:
    """What moves every pane to its room, then every room to its place; the user looks at the same pane afterwards.

    A group each, so that a move for which there is no space is the only one that does not happen. `forget` names
    window options of the layout before.
    """
    moves = _Moves(rows, wanted)
    for room in wanted:
        moves.claim(room)
    for room in wanted:
        moves.fill(room)
    taken = {room.key for room in wanted}
    strays = [row.window for row in rows if row.key in taken and row.window not in moves.home.values()]
    groups = [*moves.groups, *([("set-option", "-w", "-u", "-t", window, "@orchestra_window")] for window in strays)]
    groups += [_dressed(room, moves, forget) for room in wanted]
    session = rows[0].session
    order = moves.order(wanted)
    if order:
        last = f"{session}:{{end}}"
        groups.append([("move-window", "-d", "-a", "-s", pane, "-t", last) for pane in order])
        groups.append([("move-window", "-r", "-t", f"{session}:")])
    if active:
        groups.append([("select-window", "-t", active), ("select-pane", "-Z", "-t", active)])
    return groups


class _Moves:
    """Where each pane is, while the commands that move them are written down."""

    def __init__(self, rows: Sequence[PaneRow], wanted: Sequence[DesiredWindow]) -> None:
        self.groups: list[Group] = []
        self.rows = {row.pane: row for row in rows}
        self.sides: dict[str, list[str]] = {}  # panes by window, in order
        for row in rows:
            self.sides.setdefault(row.window, []).append(row.pane)
        self.placed = {pane for room in wanted for pane in room.panes}
        self.home: dict[str, str] = {}  # window by the room's key

    def window(self, pane: str) -> str:
        return next(window for window, panes in self.sides.items() if pane in panes)

    def claim(self, room: DesiredWindow) -> None:
        """The room is the window of its first pane, or a new one when that is another room already."""
        window = self.window(room.panes[0])
        if window in self.home.values():
            window = self.alone(room.panes[0], room.plan.name)
        self.home[room.key] = window

    def alone(self, pane: str, name: str) -> str:
        """The pane in a window of its own."""
        self.sides[self.window(pane)].remove(pane)
        self.sides[pane] = [pane]
        name, last = conf.escape_hashes(conf.window_name(name)), f"{self.rows[pane].session}:{{end}}"
        self.groups.append([("break-pane", "-d", "-a", "-s", pane, "-n", name, "-t", last)])
        return pane

    def fill(self, room: DesiredWindow) -> None:
        """Bring the room's panes together, in order; what is not a part of it leaves."""
        here = self.sides[self.home[room.key]]
        for row in [self.rows[pane] for pane in here if pane not in self.placed and self.rows[pane].part]:
            if row.dead:
                here.remove(row.pane)
                self.groups.append([("kill-pane", "-t", row.pane)])
            else:
                self.alone(row.pane, row.part.partition("-")[0])
        if [pane for pane in here if pane in room.panes] == list(room.panes):
            return
        for before, pane in zip(room.panes, room.panes[1:], strict=False):
            if pane not in here or here.index(pane) != here.index(before) + 1:
                self.sides[self.window(pane)].remove(pane)
                here.insert(here.index(before) + 1, pane)
                tile = ("select-layout", "-t", before, "tiled")
                self.groups += [[tile], [("move-pane", "-d", "-s", pane, "-t", before)]]

    def order(self, wanted: Sequence[DesiredWindow]) -> list[str]:
        """A pane of every window in the order they should have; empty when they have it."""
        there = [window for window, panes in self.sides.items() if panes]
        first = [self.home[room.key] for room in wanted]
        right = [*first, *(window for window in there if window not in first)]
        return [] if right == there else [self.sides[window][0] for window in right]


def _dressed(room: DesiredWindow, moves: _Moves, forget: Iterable[str]) -> list[Command]:
    """Name, mark, options and arrangement of a room; a name that the user gave it stays."""
    here, anchor = moves.sides[moves.home[room.key]], room.panes[0]
    options = {**conf.window_options(room.key), **room.plan.options}
    commands: list[Command] = [("set-option", "-w", "-u", "-t", anchor, name) for name in forget if name not in options]
    commands += conf.set_options(anchor, options, "-w")
    if moves.rows[anchor].key != room.key:
        commands.append(("rename-window", "-t", anchor, conf.escape_hashes(conf.window_name(room.plan.name))))
    for place, pane in enumerate(room.panes):
        if moves.rows[pane].part:
            commands += conf.set_options(pane, {"@orchestra_pane": str(place)}, "-p")
    layout = room.plan.layout or "tiled"
    if len(here) > 1:  # a drawn one is for so many panes and no other number
        commands.append(("select-layout", "-t", anchor, layout if pane_count(layout) in (None, len(here)) else "tiled"))
    return commands


def _matched(rows: Sequence[PaneRow], plans: Sequence[WindowPlan]) -> dict[tuple[str, int], PaneRow]:
    """The pane of each place: the one that stood there, else one that is the same; a living one before a dead one."""
    free = {row.pane: row for row in sorted(rows, key=lambda row: row.dead) if row.part and not row.worker}
    places: list[tuple[str, int, PanePlan]] = [
        (key, place, pane) for key, plan in windows_by_key(plans) for place, pane in enumerate(plan.panes)
    ]
    found: dict[tuple[str, int], PaneRow] = {}
    for same_place in (True, False):
        for key, place, pane in places:
            part = pane.options.get(PART, "")
            fits = [row for row in free.values() if row.part == part]
            fits = [row for row in fits if (row.key, row.place) == (key, str(place))] if same_place else fits
            if (key, place) not in found and fits:
                found[key, place] = free.pop(fits[0].pane)
    return found
