"""A layout for a session that runs, carried out on a model of tmux: panes are moved, none is lost, none is run again."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core.models import PanePlan, WindowPlan
from orchestra.core.tmux_layout import checksum
from orchestra.tmux.commands import WORKERS
from orchestra.tmux.panes import PaneRow, windows_by_key
from orchestra.tmux.rearrange import PART, DesiredWindow, arrange_commands, desired_windows, is_arranged, missing_panes

pytestmark = pytest.mark.fast


def row(pane: str, window: str, key: str = "", **changes: Any) -> PaneRow:
    given: dict[str, Any] = {
        "session": "$0", "window": window, "crowd": 1, "zoomed": False, "pane": pane, "dead": False,
        "exit_status": None, "pid": 1, "worker": "", "nonce": "", "place": "", "part": "", "key": key, "reaped": False,
    }  # fmt: skip
    return PaneRow(**{**given, **changes})


def window(role: str, *parts: str, name: str = "", layout: str = "") -> WindowPlan:
    panes = tuple(PanePlan(options={PART: part}) for part in parts)
    return WindowPlan(name or role, panes, layout, role=role)


WORKERS_PLAN = WindowPlan(WORKERS, (), role=WORKERS)


class TmuxModel:
    """The session as tmux would have it: windows in order, each with its panes in order; only what moves is known."""

    def __init__(self, rows: list[PaneRow]) -> None:
        self.rows = {one.pane: one for one in rows}
        self.windows: list[list[str]] = []
        at: dict[str, list[str]] = {}
        for one in rows:
            if one.window not in at:
                at[one.window] = []
                self.windows.append(at[one.window])
            at[one.window].append(one.pane)
        self.killed: list[str] = []
        self.selected = ""

    def here(self, pane: str) -> list[str]:
        return next(panes for panes in self.windows if pane in panes)

    def take(self, pane: str) -> None:
        self.here(pane).remove(pane)
        self.windows = [panes for panes in self.windows if panes]

    def run(self, groups: list[Any]) -> int:
        """Do what the commands say; how many of them moved a pane."""
        moves = 0
        for command in [command for group in groups for command in group]:
            given = dict(pairwise(command[1:]))
            match command[0]:
                case "break-pane":
                    assert "-d" in command, "the user would be taken along"
                    self.take(given["-s"])
                    self.windows.append([given["-s"]])
                case "move-pane":
                    assert "-d" in command, "the user would be taken along"
                    self.take(given["-s"])
                    beside = self.here(given["-t"])
                    beside.insert(beside.index(given["-t"]) + 1, given["-s"])
                case "kill-pane":
                    self.killed.append(given["-t"])
                    self.take(given["-t"])
                case "move-window" if "-s" in command:
                    panes = self.here(given["-s"])
                    self.windows.remove(panes)
                    self.windows.append(panes)
                case "set-option" if "@orchestra_window" in command:
                    self.mark(given["-t"], command)
                case "set-option" if "@orchestra_pane" in command:
                    self.rows[given["-t"]] = self.rows[given["-t"]]._replace(place=command[-1])
                case "select-pane":
                    self.selected = given["-t"]
                case name:
                    assert name in ("set-option", "select-layout", "rename-window", "move-window", "select-window")
                    continue
            moves += command[0] in ("break-pane", "move-pane", "kill-pane") or (
                command[0] == "move-window" and "-s" in command
            )
        return moves

    def mark(self, target: str, command: tuple[str, ...]) -> None:
        key = "" if "-u" in command else command[-1]
        panes = self.here(target) if target in self.rows else [p for p in self.rows if self.rows[p].window == target]
        for pane in panes:
            if pane in self.rows and any(pane in there for there in self.windows):
                self.rows[pane] = self.rows[pane]._replace(key=key)

    def seen(self) -> list[PaneRow]:
        """What `list-panes` would tell now."""
        return [
            self.rows[pane]._replace(window=f"@{number}", crowd=len(panes))
            for number, panes in enumerate(self.windows)
            for pane in panes
        ]


def arrange(rows: list[PaneRow], plans: list[WindowPlan], per_window: int = 4) -> tuple[TmuxModel, list[DesiredWindow]]:
    model, wanted = TmuxModel(rows), desired_windows(rows, plans, per_window)
    model.run(arrange_commands(rows, wanted, rows[0].pane, ()))
    return model, wanted


def test_workers_fill_pages_by_number_and_go_on_running() -> None:
    rows = [row(f"%{n}", f"@{n}", worker=str(n), part="worker") for n in (10, 2, 1, 3, 30)]
    model, wanted = arrange(rows, [WORKERS_PLAN], per_window=2)
    assert [one.panes for one in wanted] == [("%1", "%2"), ("%3", "%10"), ("%30",)]
    assert [one.plan.name for one in wanted] == [WORKERS, f"{WORKERS}-2", f"{WORKERS}-3"]
    assert model.windows == [["%1", "%2"], ["%3", "%10"], ["%30"]]
    assert model.killed == []


def test_what_a_layout_has_and_the_session_has_not_is_opened_on_its_own() -> None:
    plans = [window("orchestrator", "orchestrator", "monitor"), WORKERS_PLAN]
    rows = [row("%0", "@0", "orchestrator.1.orchestrator", part="orchestrator", place="0")]
    (key, plan), = missing_panes(rows, plans)  # fmt: skip
    assert key == "orchestrator.1.orchestrator.1"
    assert plan.panes[0].options[PART] == "monitor"


def test_a_pane_that_the_layout_has_no_place_for_keeps_running_in_a_window_of_its_own() -> None:
    rows = [
        row("%0", "@0", "orchestrator.1.orchestrator", part="orchestrator", place="0"),
        row("%1", "@0", "orchestrator.1.orchestrator", part="monitor", place="1"),
        row("%2", "@0"),  # the user split it off: it stays where it is
    ]
    model, _ = arrange(rows, [window("orchestrator", "orchestrator")])
    assert model.windows == [["%0", "%2"], ["%1"]]
    assert model.selected == "%0"


def test_a_dead_pane_without_a_place_is_removed() -> None:
    rows = [
        row("%0", "@0", "orchestrator.1.orchestrator", part="orchestrator", place="0"),
        row("%1", "@0", "orchestrator.1.orchestrator", part="monitor", place="1", dead=True),
    ]
    model, _ = arrange(rows, [window("orchestrator", "orchestrator")])
    assert model.killed == ["%1"]


def test_a_living_pane_is_taken_before_a_dead_one_of_the_same_part() -> None:
    rows = [row("%0", "@0", part="monitor", dead=True), row("%1", "@1", part="monitor")]
    assert desired_windows(rows, [window("monitor", "monitor")], 4)[0].panes == ("%1",)


def test_windows_come_into_the_order_of_the_layout_and_the_users_stay_behind_them() -> None:
    rows = [
        row("%0", "@0"),
        row("%1", "@1", "monitor.1.monitor", part="monitor", place="0"),
        row("%2", "@2", "orchestrator.1.orchestrator", part="orchestrator", place="0"),
    ]
    model, _ = arrange(rows, [window("orchestrator", "orchestrator"), window("monitor", "monitor")])
    assert model.windows == [["%2"], ["%1"], ["%0"]]


def test_options_of_the_layout_before_are_taken_back() -> None:
    rows = [row("%0", "@0", "monitor.1.monitor", part="monitor", place="0")]
    wanted = desired_windows(rows, [window("monitor", "monitor")], 4)
    commands = [command for group in arrange_commands(rows, wanted, "", ["synchronize-panes"]) for command in group]
    assert ("set-option", "-w", "-u", "-t", "%0", "synchronize-panes") in commands
    assert not [command for command in commands if command[0] in ("select-window", "rename-window")]


def test_a_drawn_layout_for_another_number_of_panes_is_not_used() -> None:
    body = "120x40,0,0{60x40,0,0,0,59x40,61,0[59x20,61,0,1,59x19,61,21,2]}"
    drawn = f"{checksum(body):04x},{body}"
    rows = [row(f"%{n}", "@0", "monitor.1.monitor", part="monitor", place=str(n)) for n in range(2)]
    wanted = desired_windows(rows, [window("monitor", "monitor", "monitor", layout="even-vertical")], 4)
    layouts = [
        command[-1]
        for named in ("even-vertical", drawn)
        for group in arrange_commands(rows, [wanted[0]._replace(plan=wanted[0].plan._replace(layout=named))], "", ())
        for command in group
        if command[0] == "select-layout"
    ]
    assert layouts == ["even-vertical", "tiled"]


ROLES = ("orchestrator", "monitor", "board", "shell")
LAYOUTS = st.lists(
    st.builds(lambda role, parts: window(role, *parts), st.sampled_from(ROLES), st.lists(st.sampled_from(ROLES), min_size=1, max_size=3)),
    min_size=1, max_size=4,
).flatmap(lambda rooms: st.permutations([*rooms, WORKERS_PLAN]))  # fmt: skip


@st.composite
def sessions(draw: st.DrawFn) -> list[PaneRow]:
    """A session as people leave one: windows of other layouts, workers anywhere, panes of the user, dead ones."""
    workers = iter(draw(st.permutations([str(n) for n in range(1, 21)])))
    rows: list[PaneRow] = []
    for number in range(draw(st.integers(1, 5))):
        key = draw(st.sampled_from(["", *(f"{role}.1.{role}" for role in ROLES), f"{WORKERS}.1.{WORKERS}"]))
        if any(one.key == key for one in rows):
            key = ""
        for place in range(draw(st.integers(1, 4))):
            kind = draw(st.sampled_from(["worker", "part", "user"]))
            changes: dict[str, Any] = {"dead": draw(st.booleans())}
            if kind == "worker":
                changes |= {"worker": next(workers), "part": "worker", "nonce": "n"}
            elif kind == "part":
                changes |= {"part": draw(st.sampled_from(ROLES)), "place": str(place)}
            rows.append(row(f"%{len(rows)}", f"@{number}", key, **changes))
    return rows


@given(sessions(), LAYOUTS, st.integers(1, 4))
def test_every_session_is_brought_into_every_layout(rows: list[PaneRow], plans: list[WindowPlan], per: int) -> None:
    opened = [
        row(f"%{100 + n}", f"@{100 + n}", key, part=plan.panes[0].options[PART], place="0")
        for n, (key, plan) in enumerate(missing_panes(rows, plans))
    ]
    rows = [*rows, *opened]
    assert missing_panes(rows, plans) == []
    wanted = desired_windows(rows, plans, per)
    model = TmuxModel(rows)
    model.run(arrange_commands(rows, wanted, "", ()))
    after = model.seen()
    there = {one.pane for one in after}
    lost = [one for one in rows if one.pane not in there]
    assert all(one.dead and one.part and not one.worker for one in lost), "a living pane, or a worker's, was ended"
    assert is_arranged(after, wanted)
    placed = [pane for room in wanted for pane in room.panes]
    assert len(placed) == len(set(placed)), "a pane has two places"
    assert {one.pane for one in rows if one.worker} <= set(placed)
    assert [key for key, _ in windows_by_key(plans) if key in {room.key for room in wanted}] == [
        room.key for room in wanted if not room.key.startswith(WORKERS)
    ]
    again = TmuxModel(after)
    assert again.run(arrange_commands(after, desired_windows(after, plans, per), "", ())) == 0, "it moves twice"
