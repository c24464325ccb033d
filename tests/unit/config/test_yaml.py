from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.paths import DATA

from orchestra.config import layout, schema
from orchestra.config.yaml import MAX_BYTES, MAX_DEPTH, dotted, load, parse, unknown_key
from orchestra.errors import UsageError

pytestmark = pytest.mark.fast


def refusal(read: Callable[[str, str], object], text: str) -> str:
    """The sentence `read` refuses the text with; empty when it takes it."""
    try:
        read(text, "f.yaml")
    except UsageError as error:
        return error.message
    return ""


BOMB = "a: &a [x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing\n", None),
        ("a: 1", {"a": 1}),
        ("a: -7", {"a": -7}),
        ("a: 007", {"a": "007"}),
        ("a: 0x1F", {"a": "0x1F"}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: 1:30", {"a": "1:30"}),
        ("a: 2026-01-08", {"a": "2026-01-08"}),
        ("a: 1.5", {"a": 1.5}),
        ("a: 1e3", {"a": 1000.0}),
        ("a: 1e999", {"a": "1e999"}),
        ("a: .inf", {"a": ".inf"}),
        ("a: true", {"a": True}),
        ("a: 'true'", {"a": "true"}),
        ("a: on", {"a": "on"}),
        ("on: x", {"on": "x"}),
        ("a: no", {"a": "no"}),
        ("a: ~", {"a": None}),
        ("a:", {"a": None}),
        ("a: ''", {"a": ""}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("[1, [2, {b: c}]]", [1, [2, {"b": "c"}]]),
        ('{"json": [1, true, null]}', {"json": [1, True, None]}),
        ("9" * 18, int("9" * 18)),
        ("9" * 5000, "9" * 5000),
        ("\ufeffa: 1", {"a": 1}),
        (r'a: "\ud83d\ude00 x \uD83D\uDE00"', {"a": "\U0001f600 x \U0001f600"}),  # as JSON writes an emoji
        (r'"\ud83d\ude00": ["\udbff\udffd"]', {"\U0001f600": ["\U0010fffd"]}),
    ],
)
def test_plain_values(text: str, value: Any) -> None:
    assert load(text, "f.yaml") == value


HOSTILE = {
    "alias bomb": BOMB,
    "alias to itself": "a: &a [*a]",
    "anchor alone": "a: &x 1",
    "alias of nothing": "a: *x",
    "alias as key": "*x : 1",
    "merge": "a: &x {b: 1}\nc: {<<: *x}",
    "python object": "!!python/object/apply:os.system [echo]",
    "python name": "a: !!python/name:os.system",
    "python tuple": "a: !!python/tuple [1]",
    "own tag": "a: !thing 1",
    "binary": "a: !!binary aGk=",
    "set": "a: !!set {x}",
    "tag on key": "!!str a: 1",
    "number as key": "1: a",
    "null as key": "~: a",
    "true as key": "true: a",
    "list as key": "? [a]\n: b",
    "mapping as key": "? {a: b}\n: c",
    "duplicate": "a: 1\nb: 2\na: 3",
    "nested duplicate": "x:\n  a: 1\n  a: 2",
    "flow duplicate": "{a: 1, a: 2}",
    "two documents": "a: 1\n---\nb: 2",
    "deep list": "[" * 5000,
    "deep closed list": "[" * 500 + "]" * 500,
    "deep mapping": "{a: " * 500 + "1" + "}" * 500,
    "deep block": "\n".join(" " * i + "a:" for i in range(200)),
    "deep dashes": "- " * 200 + "x",
    "too long": "x" * (MAX_BYTES + 1),
    "too long in bytes": "é" * (MAX_BYTES // 2 + 1),
    "open list": "a: [1, 2",
    "open mapping": "{a: 1",
    "open quote": "a: 'x",
    "open double quote": 'a: "x',
    "bad escape": 'a: "\\q"',
    "huge code point": 'a: "\\UFFFFFFFF"',
    "nul escape": 'a: "x\\0y"',
    "surrogate escape": 'a: "\\ud800"',
    "surrogate escapes in the wrong order": 'a: "\\ude00\\ud83d"',
    "three surrogate escapes": 'a: "\\ud83d\\ude00\\ude00"',
    "tab": "a:\n\tb: 1",
    "tab first": "\ta: 1",
    "indentation": "a: 1\n b: 2",
    "outdent": "a:\n    - b\n  - c",
    "two colons": "a: b: c",
    "at sign": "a: @x",
    "backtick": "a: `x`",
    "percent": "%",
    "bad directive": "%YAML x\n---\na",
    "yaml 9": "%YAML 9.9\n---\na: 1",
    "tag directive": "%TAG ! tag:x,2000:\n---\na: !x 1",
    "unquoted glob": "paths: [**/auth/**]",
    "nul": "a: \x00",
    "escape": "a: \x1b[31m",
    "bell in key": "\x07: 1",
    "c1": "a: \x9b31m",
    "surrogate": "a: \ud800",
    "non-character": "a: \ufffe",
    "dash": "a: -\nb",
    "anchor without name": "a: & 1",
    "alias without name": "a: * 1",
    "block scalar": "a: |99\n x",
    "block scalar letter": "a: |x\n y",
    "question": "? a\n? b\n: : c\n- d",
    "comma": "[,]",
    "braces": "}{",
    "brackets": "]",
    "end of document": "...\n...\na: [",
    "only quotes": "'''",
    "mapping in a list in text": "a: x\n- b",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_gives_one_sentence_with_file_and_line(text: str) -> None:
    start = time.monotonic()
    with pytest.raises(UsageError) as caught:
        load(text, "f.yaml")
    assert re.fullmatch(r"f\.yaml:[1-9][0-9]*: [^\n]{5,300}", caught.value.message)
    assert caught.value.exit_code == 2
    assert time.monotonic() - start < 2


WRONG_SHAPES = [
    "x", "1", "true", "[]", "[1]", "[[]]", "{a: 1}", "windows: 1", "windows: {}", "windows: []", "windows: [1]",
    "windows: [[]]", "windows: [null]", "windows: [{panes: 1}]", "windows: [{panes: {a: b}}]",
    "windows: [{panes: [1]}]",
    "windows: [{panes: [[1]]}]", "windows: [{panes: [[[a]]]}]", "windows: [{panes: [{shell_command: {a: b}}]}]",
    "windows: [{panes: [{shell_command: [{cmd: [a]}]}]}]", "windows: [{layout: [a]}]", "windows: [{focus: 2}]",
    "windows: [{options: [a]}]", "windows: [{options: {a: {b: c}}}]", "windows: [{environment: 1}]", "workers: many",
    "windows: [{start_directory: {}}]", "windows: [{window_index: x}]", "windows: [{window_name: [a]}]", "zzz: 1",
    "windows: [{role: boss}]", "limits: 1", "limits: {ci: {}}", "gates: [[]]", "gates: [x]", "agents: {claude: 1}",
    "agents: {'': {}}", "'a - at `$.limits': 1", "'a` - at `$.gates[99].x': 1", "limits: {'$.x` - at `$': 1}", "'': 1",
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG_SHAPES)
@pytest.mark.parametrize(
    "read", [layout.load, lambda text, name: schema.load([(name, text)])], ids=["layout", "config"]
)
def test_a_wrong_shape_gives_one_sentence_from_every_reader(text: str, read: Callable[[str, str], object]) -> None:
    assert re.fullmatch(r"f\.yaml:[1-9][0-9]*: [^\n]{5,700}", refusal(read, text))


@given(st.text(max_size=300))
def test_any_text_is_a_value_or_one_sentence(text: str) -> None:
    for read in (load, layout.load, lambda text, name: schema.load([(name, text)])):
        assert re.fullmatch(r"|f\.yaml:[1-9].*", said := refusal(read, text))
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u202e\ud800-\udfff]", said)


_SHIPPED = sorted(DATA.glob("layouts/*.yaml"))


@given(
    source=st.sampled_from([path.read_text() for path in _SHIPPED]),
    place=st.floats(0, 1),
    length=st.integers(0, 12),
    patch=st.text("abc:-[]{}'\"&*!#%\n\t |>?,0~", max_size=6),
)
def test_a_damaged_layout_is_a_layout_or_one_sentence(source: str, place: float, length: int, patch: str) -> None:
    at = int(place * len(source))
    assert re.fullmatch(r"|f\.yaml:[1-9].*", refusal(layout.load, source[:at] + patch + source[at + length :]))


def test_depth_is_counted_from_the_root() -> None:
    assert load("[" * MAX_DEPTH + "x" + "]" * MAX_DEPTH, "f")
    with pytest.raises(UsageError, match="deeper"):
        load("[" * (MAX_DEPTH + 1) + "x" + "]" * (MAX_DEPTH + 1), "f")


def test_lines_count_from_where_the_text_starts_in_its_file() -> None:
    document = parse("title: x\nlabels:\n  - a\n  - b\n", "7.md", first_line=2)
    assert document.line(("title",)) == 2
    assert document.line(("labels", 1)) == 5
    assert document.line(("labels", 1, "gone", "deeper")) == 5
    assert document.line(("gone",)) == 2
    assert document.error(("labels", 1), "is odd").message == "7.md:5: labels[1]: is odd"
    with pytest.raises(UsageError, match=r"^7\.md:4: "):
        load("a: 1\nb: 2\na: [", "7.md", first_line=2)
    with pytest.raises(UsageError, match=r"^7\.md:3: .*U\+001B"):
        load("a: 1\nb: \x1b", "7.md", first_line=2)


def test_a_file_name_cannot_write_on_the_terminal() -> None:
    with pytest.raises(UsageError) as caught:
        load("[", "\x1b[31mf\n")
    assert caught.value.message.isprintable()


def test_key_paths_and_nearest_keys() -> None:
    assert dotted(("gates", 0, "paths", 2)) == "gates[0].paths[2]"
    assert unknown_key("cii", ["ci", "verify"]) == "unknown key; did you mean ci?"
    assert unknown_key("zzz", ["ci", "verify"]) == "unknown key; known here: ci, verify"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a:\n\tb: 1", "indent with spaces: YAML takes no tabs there"),
        ("\ta: 1", "indent with spaces: YAML takes no tabs there"),
        ("a: b: c", "quote a value that has a colon and a space in it, or indent the line as those beside it"),
        ("a: 1\n  b: 2", "quote a value that has a colon and a space in it, or indent the line as those beside it"),
        ("a: @x", "quote a value that starts with * & ! % @ or `"),
        ("a: `x`", "quote a value that starts with * & ! % @ or `"),
        ("a: 'x", "close the quote or the bracket"),
        ("a: [1, 2", "close the quote or the bracket"),
        ('a: "\\q"', "put the value in single quotes"),
    ],
)
def test_what_is_not_yaml_says_what_helps(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, "orchestra.yaml")
    assert caught.value.hint == hint
