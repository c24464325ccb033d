from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.paths import DATA

from orchestra.config.layout import Layout, load, plan
from orchestra.config.resources import find_layout, packaged_directory
from orchestra.core.models import PanePlan, WindowPlan
from orchestra.core.tmux_layout import NAMES, checksum, pane_count
from orchestra.errors import UsageError

EXAMPLES = DATA / "layouts"
ARGV = {"orchestrator": ("orchestra", "orchestrator"), "monitor": ("orchestra", "monitor"), "board": ("orchestra", "b")}


def example(name: str) -> Layout:
    return load((EXAMPLES / f"{name}.yaml").read_text(), f"{name}.yaml")


def typed(layout: Layout) -> list[str]:
    """Every command that a layout runs."""
    panes = [pane for window in layout.windows for pane in window.panes]
    return [line for pane in panes for line in (*filter(None, [pane.shell]), *pane.typed) if line.strip()]


def opened(layout: Layout, **environ: str) -> dict[str, WindowPlan]:
    windows = plan(layout, root="/repo", home="/home/p", argv_of=ARGV, environ=environ)
    return {window.name: window for window in windows}


def one(pane: str, window: str = "") -> PanePlan:
    return opened(load(f"windows:\n- window_name: w\n  {window}\n  panes:\n  - {pane}\n", "f.yaml"))["w"].panes[0]


# --- tmuxp's forms ---


@pytest.mark.fast
def test_short_blank_and_long_forms_of_a_pane() -> None:
    windows = opened(example("forms"))
    assert [pane.keys for pane in windows["short forms"].panes] == [
        (" cd .", " git status"),
        (" cd .", " make lint", " make test"),
        (" cd .", ""),
    ]
    assert [pane.keys for pane in windows["blank panes"].panes] == [(" cd .",)] * 7
    assert windows["blank panes"].panes[6].focus
    assert [pane.keys for pane in windows["long forms"].panes] == [
        (" cd .", " echo window", " echo text"),
        (" cd .", " echo window", " echo first", " echo second"),
        ("cd .", "echo window", "echo before", "echo one", "echo two"),
        (" cd .", " echo window"),
    ]
    assert windows["long forms"].layout == "even-vertical"
    assert windows["short forms"].layout == "tiled"


@pytest.mark.fast
def test_a_command_with_enter_false_is_not_typed_and_is_listed_as_ignored() -> None:
    layout = example("forms")
    assert "rm -rf build" not in "".join(typed(layout))
    assert "forms.yaml:29: windows[2].panes[1].shell_command[2].enter: " in "\n".join(layout.ignored)
    assert " git status" in typed(layout)


@pytest.mark.fast
def test_directories_nest_and_everything_is_filled_in() -> None:
    windows = opened(example("places"), LOGS="/logs", ROWS_FOR_MAIN="40")
    assert [pane.cwd for pane in windows["nested"].panes] == [
        "/repo/src/api/tests",
        "/home/p/notes",
        "/var/log",
        "/logs/today",
    ]
    assert windows["last"].panes[0].cwd == "/repo/src"
    assert [pane.environment["STAGE"] for pane in windows["nested"].panes] == ["window", "pane", "window", "window"]
    assert windows["nested"].panes[1].environment == {"EDITOR": "vim", "PORT": "8080", "STAGE": "pane"}
    assert windows["nested"].options == {
        "main-pane-height": "40",
        "automatic-rename": "on",
        "remain-on-exit": "on",
        "synchronize-panes": "off",
    }


@pytest.mark.fast
def test_shells_window_places_and_focus() -> None:
    windows = opened(example("places"))
    assert list(windows) == ["nested", "shells", "last", "monitor", "workers"]
    first, second = windows["shells"].panes
    argv = ("/bin/sh", "-c", "python3 -q")
    assert first == PanePlan(argv, "/repo/src", ('print("hello")',), False, second.environment, first.options)
    assert second.argv == ("/bin/sh", "-c", "top -b")
    assert second.focus
    assert windows["shells"].focus
    assert not windows["nested"].focus


@pytest.mark.fast
def test_ignored_tmuxp_keys_are_listed_with_their_line() -> None:
    told = "\n".join(example("places").ignored)
    for start in (
        "places.yaml:4: before_script: not run",
        "places.yaml:5: plugins: not run",
        "places.yaml:6: global_options: left out",
        "places.yaml:10: options.default-command: left out",
    ):
        assert start in told
    assert len(example("places").ignored) == 4


@pytest.mark.fast
def test_roles_of_windows_and_panes() -> None:
    layout = example("custom")
    windows = opened(layout)
    assert layout.panes_per_window == 3
    assert [pane.argv for pane in windows["desk"].panes] == [ARGV["orchestrator"], ARGV["board"], (), ()]
    assert windows["desk"].role == "orchestrator"
    assert windows["workers"] == WindowPlan("workers", (), "even-horizontal", role="workers")
    assert windows["monitor"].panes == (PanePlan(ARGV["monitor"], "/repo", options={"@orchestra_part": "monitor"}),)


@pytest.mark.fast
def test_panes_that_run_the_same_have_the_same_part_id() -> None:
    first, second, other = (
        one(pane).options["@orchestra_part"] for pane in ("shell_command: htop", "htop", "shell_command: [htop, ls]")
    )
    assert first == second != other


@pytest.mark.fast
def test_a_role_without_a_program_is_left_out() -> None:
    windows = {window.name: window for window in plan(example("custom"), root="/r", home="/h", argv_of={})}
    assert [pane.keys for pane in windows["desk"].panes] == [(), (" htop",)]
    assert windows["desk"].role == "shell"
    assert set(windows) == {"desk", "workers"}


@pytest.mark.fast
def test_commands_before_are_not_typed_into_an_agent() -> None:
    assert one("role: orchestrator", "shell_command_before: [source .venv/bin/activate]").keys == ()


@pytest.mark.fast
def test_windows_with_the_same_name_get_numbers() -> None:
    windows = plan(load("windows: [{window_name: a}, {window_name: a}, {}]", "f"), root="/r", home="/h", argv_of={})
    assert [window.name for window in windows] == ["a", "a-2", "window-3", "workers"]


# --- what ships ---


@pytest.mark.fast
@pytest.mark.parametrize(
    ("name", "per_window"), [("default", 4), ("wide", 6), ("solo", 1), ("laptop", 2), ("board", 4)]
)
def test_the_shipped_layouts_open_everything_and_run_nothing_of_their_own(name: str, per_window: int) -> None:
    layout = load(*reversed(find_layout(name, "/nowhere")))
    windows = opened(layout)
    assert layout.panes_per_window == per_window
    assert [one for one in windows if one != "board"] == ["orchestrator", "workers", "monitor"]
    assert windows["board" if name == "board" else "orchestrator"].focus
    assert windows["orchestrator"].panes[0].argv == ARGV["orchestrator"]
    assert typed(layout) == []
    assert layout.ignored == ()


@pytest.mark.fast
def test_a_layout_is_found_by_name_then_path_and_never_outside(tmp_path: Path) -> None:
    own = tmp_path / ".orchestra" / "layouts"
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text("windows: [{window_name: mine}]")
    (own / "wide.yaml").write_text("windows: [{window_name: own wide}]")
    (tmp_path / "desk.yaml").write_bytes(b"\xff")
    assert find_layout("mine", str(tmp_path)) == ("mine.yaml", "windows: [{window_name: mine}]")
    assert "own wide" in find_layout("wide", str(tmp_path))[1]
    assert find_layout(".orchestra/layouts/mine.yaml", str(tmp_path))[1].startswith("windows")
    assert "role: workers" in find_layout("default", str(tmp_path))[1]
    with pytest.raises(UsageError) as unknown:
        find_layout("mime", str(tmp_path))
    assert unknown.value.hint == "layouts are: board, default, laptop, mine, solo, wide; or give a path"
    os.mkfifo(tmp_path / "fifo.yaml")
    (tmp_path / "huge.yaml").write_text("#" * 70_000)
    (own / "..yaml").write_text("windows: [{}]")
    wrong = [
        "desk.yaml",
        "gone.yaml",
        "fifo.yaml",
        "huge.yaml",
        "./gone",
        ".",
        "",
        "a\0b",
        "a/\0b",
        "/",
        "x" * 300,
        "~x/y",
    ]
    for name in wrong:
        with pytest.raises(UsageError):
            find_layout(name, str(tmp_path))


@pytest.mark.fast
def test_shipped_files_are_beside_the_package_or_inside_it() -> None:
    assert sorted(path.name for path in packaged_directory("layouts").iterdir()) == [
        "board.yaml",
        "default.yaml",
        "laptop.yaml",
        "solo.yaml",
        "wide.yaml",
    ]
    assert {"orchestrator.md", "worker.md"} <= {path.name for path in packaged_directory("prompts").iterdir()}


# --- refusals ---


@pytest.mark.fast
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "windows: [{layout: tilled}]",
            'f.yaml:1: windows[0].layout: expected one of even-horizontal, .*text "tilled"',
        ),
        ("windows: [{layout: '#(touch x)'}]", "f.yaml:1: windows[0].layout: expected one of"),
        ("windows: [{layout: 'aaaa,80x24,0,0,1'}]", ".*checksum is wrong"),
        ("windows:\n- layot: tiled", "f.yaml:2: windows[0].layot: unknown key; did you mean layout?"),
        ("windows:\n- panes:\n  - shel_command: x", "f.yaml:3: windows[0].panes[0].shel_command: unknown key; did you"),
        ("windows:\n- role: boss", "f.yaml:2: windows[0].role: expected one of board, monitor, orchestrator"),
        ("windows:\n- role: board\n  panes: [x]", "f.yaml:2: windows[0].role: a window with a role has no panes"),
        ("windows: [{panes: [{role: workers}]}]", ".*workers get windows of their own"),
        ("windows: [{panes: [{role: board, shell_command: x}]}]", ".*shell_command: a pane with a role runs that role"),
        ("windows: [{role: workers}, {role: workers}]", "f.yaml:1: windows: the role workers is given 2 times"),
        ("windows: [{role: workers, workers: {panes_per_window: 0}}]", ".*panes_per_window: expected a whole number"),
        ("windows: [{role: workers, workers: {panes_per_window: yes}}]", ".*got text"),
        ("windows: [{role: workers, workers: {pane_per_window: 2}}]", ".*did you mean panes_per_window?"),
        ("windows: [{options: {pane-border-format: '#(id)'}}]", ".*pane-border-format: runs a program"),
        ("windows: [{environment: {TMUX: x}}]", ".*environment.TMUX: not a variable that a layout can set"),
        ("windows: [{environment: {ORCHESTRA_WORKER: 1}}]", ".*not a variable that a layout can set"),
        ("windows: [{start_directory: 'a#(id)'}]", ".*start_directory: a directory's name cannot hold #"),
        ("windows: [{panes: [5]}]", ".*panes[0]: expected a command as text, got 5; quote it"),
        ('windows: [{panes: ["\\e[31m"]}]', ".*panes[0]: expected printable text"),
        ('windows: [{window_name: "a\\tb\\a"}]', ".*window_name: expected one line of printable text"),
        ("windows: [{focus: maybe}]", '.*focus: expected true or false, got text "maybe"'),
        ("windows: [{window_index: -1}]", ".*window_index: expected a whole number, got -1"),
        ("windows: [x]", "f.yaml:1: windows[0]: expected a mapping (key: value), got text"),
        ("session_name: x", "f.yaml:1: windows: a layout needs at least one window"),
    ],
)
def test_a_refusal_names_file_line_and_key(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=re.escape(sentence).replace(r"\.\*", ".*")):
        load(text, "f.yaml")


@pytest.mark.fast
def test_a_window_name_is_shown_as_it_was_meant_without_a_format() -> None:
    layout = load("windows: [{window_name: '#(touch x) #{pane_id} #[fg=red]a'}]", "f.yaml")
    assert layout.windows[0].name == "\uff03(touch x) \uff03{pane_id} \uff03[fg=red]a"


@pytest.mark.fast
@given(st.text(max_size=80))
def test_no_window_name_holds_what_tmux_would_expand(name: str) -> None:
    escaped = "".join(f"\\U{ord(char):08X}" for char in name)
    try:
        windows = load(f'windows: [{{window_name: "{escaped}"}}]', "f.yaml").windows
    except UsageError:
        return
    assert "#" not in windows[0].name
    assert windows[0].name.isprintable()
    assert windows[0].name


# --- layout strings ---


def signed(body: str) -> str:
    return f"{checksum(body):04x},{body}"


@pytest.mark.fast
@pytest.mark.parametrize(
    ("layout", "count"),
    [
        *((name, None) for name in NAMES),
        ("c633,200x50,0,0[200x6,0,0,0,200x5,0,7,3,200x12,0,13,2,200x24,0,26,1]", 4),
        (signed("80x24,0,0,0"), 1),
        (signed("80x24,0,0"), 1),
        (signed("81x24,0,0{40x24,0,0,80,40x24,41,0[40x12,41,0,2,40x11,41,13]}"), 3),
    ],
)
def test_valid_layout_strings(layout: str, count: int | None) -> None:
    assert pane_count(layout) == count


@pytest.mark.fast
@pytest.mark.parametrize(
    "layout",
    [
        "", "tiled ", "Tiled", "garbage", "0000", "c633", "c633,", "c634,200x50,0,0,0", "#(id)", signed(""),
        signed("80x24"), signed("80x24,1,0,0"), signed("0x24,0,0,0"), signed("080x24,0,0,0"), signed("80x24,0,0,0,"),
        signed("80x24,0,0{80x24,0,0,1}"), signed("80x24,0,0{}"), signed("80x24,0,0{40x24,0,0,1,40x24,40,0,2}"),
        signed("81x24,0,0{40x24,0,0,1,40x24,41,0,2"), signed("81x24,0,0{40x24,0,0,1,40x24,41,0,2]"),
        signed("81x24,0,0{40x24,0,0,1,40x20,41,0,2}"), signed("81x24,0,0[40x24,0,0,1,40x24,41,0,2]"),
        signed("82x24,0,0{40x24,0,0,1,40x24,41,0,2}"),
        signed("81x24,0,0{40x24,0,0,1,40x24,40,0,2}"), signed("81x24,0,0{40x24,1,0,1,40x24,41,0,2}"),
        signed("99999x24,0,0,0"), signed("80x24,0,0{" * 100),
        "c633,200x50,0,0[200x6,0,0,0,200x5,0,7,3]", "8" * 5000,
    ],
)  # fmt: skip
def test_layout_strings_that_would_kill_the_server_are_refused(layout: str) -> None:
    with pytest.raises(ValueError, match="layout string"):
        pane_count(layout)


def _tree(draw: random.Random, width: int, height: int, x: int, y: int, depth: int) -> str:
    """A random layout body whose cells fill each other exactly."""
    head = f"{width}x{height},{x},{y}"
    across = draw.random() < 0.5
    room, count = (width if across else height), draw.randint(2, 4)
    if not depth or room < 2 * count:
        return f"{head},{draw.randint(0, 99)}"
    cuts = sorted(draw.sample(range(1, room - count + 1), count - 1))
    sizes = [b - a for a, b in zip([0, *cuts], [*cuts, room - count + 1], strict=True)]
    parts, place = [], x if across else y
    for size in sizes:
        child = (size, height, place, y) if across else (width, size, x, place)
        parts.append(_tree(draw, *child, depth - 1))
        place += size + 1
    return head + ("{%s}" if across else "[%s]") % ",".join(parts)


def test_a_real_server_survives_every_accepted_layout_string(tmp_path: Path) -> None:
    def tmux(*argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["tmux", "-L", "lay", "-f", "/dev/null", *argv], capture_output=True, text=True, check=False
        )

    assert (
        tmux("new-session", "-d", "-x", "200", "-y", "50", "sleep 99", ";", "split-window", "sleep 99").returncode == 0
    )
    draw = random.Random(7)
    for _ in range(60):
        layout = signed(_tree(draw, draw.choice([200, 80, 999]), draw.choice([50, 24]), 0, 0, 3))
        assert pane_count(layout)
        tmux("select-layout", layout)
        assert tmux("has-session").returncode == 0, layout
    for name in NAMES:
        assert tmux("select-layout", name).returncode == 0
    shown = tmux("display-message", "-p", "#{window_layout}").stdout.strip()
    assert pane_count(shown) == 2


@pytest.mark.fast
@given(st.randoms(use_true_random=False), st.integers(0, 200), st.sampled_from("0123456789,x{}[]"))
def test_a_damaged_layout_string_is_refused_or_still_fits(draw: random.Random, at: int, char: str) -> None:
    body = _tree(draw, 200, 50, 0, 0, 3)
    damaged = body[:at] + char + body[at + 1 :]
    check: Callable[[], int | None] = lambda: pane_count(signed(damaged))  # noqa: E731
    try:
        assert check() == damaged.count("x") - len(re.findall(r"[{\[]", damaged))
    except ValueError:
        assert damaged != body
