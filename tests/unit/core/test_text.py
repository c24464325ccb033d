"""Foreign text made safe, and JSON read as a hook reads it: small tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.hostile import strings, unsafe

from orchestra.core import fast_json
from orchestra.core.guidance import without_controls
from orchestra.core.text import clean, clean_lines, plain

pytestmark = pytest.mark.fast

WOMAN, LAPTOP = "\U0001f469", "\U0001f4bb"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{WOMAN}\u200d{LAPTOP} works", f"{WOMAN}{LAPTOP} works"),
        ("\U0001f44d\U0001f3fd \u2764\ufe0f", "\U0001f44d \u2764"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("a\u200db", "ab"),  # tmux would draw the b in the cell of the a
        ("a\u200cb", "ab"),
        ("end \u200d", "end"),
        ("\u200d\u200d", ""),
        ("\u0dc1\u0dca\u200d\u0dbb\u0dd3", "\u0dc1\u0dca\u0dbb\u0dd3"),
    ],
)
def test_nothing_makes_the_width_of_a_line_a_guess(text: str, shown: str) -> None:
    assert clean(text) == shown
    assert clean_lines(text).strip() == shown


def test_hostile_strings_are_clean_and_clean_is_clean() -> None:
    for one in strings(1, 2000):
        assert not unsafe(clean(one)), one
        assert not unsafe(clean_lines(one)) - {"\n"}, one
        assert clean(clean(one, 9000), 9000) == clean(one, 9000), one


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x\x1b[201~\ry\x1b[20\x1b[201~1~", "x\ny[201~"),
        ("tab\tand\r\nline\x00\x9b\x7f", "tab\tand\nline"),
        ("half \ud800 of one", "half ? of one"),
    ],
)
def test_a_message_holds_no_control_characters(text: str, said: str) -> None:
    assert without_controls(text) == said
    assert without_controls(said) == said


CUT = (
    '{"id": "12',
    "{",
    '{"a"',
    "[1, 2",
    '"',
    "\\",
    "{'a': 1}",
    "NaN",
    "1e999",
    "-Infinity",
    "[" * 100_000,
    "1" * 6000,
)


@pytest.mark.parametrize("text", CUT, ids=range(len(CUT)))
def test_invalid_json_raises_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        fast_json.loads(text)


def test_invalid_json_raises_value_error_without_the_json_package() -> None:
    """As in a hook: there the scanner cannot make the error it wants to raise."""
    lines = (
        "import sys",
        f"sys.path.insert(0, {str(Path(fast_json.__file__).parents[2])!r})",
        "from orchestra.core import fast_json as quick_json",
        f"for text in {CUT!r}:",
        "    try: quick_json.loads(text)",
        "    except ValueError: continue",
        "    sys.exit(text[:40])",
        "assert 'json' not in sys.modules or sys.version_info >= (3, 12)",  # whose scanner imports it for its error
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", "\n".join(lines)], check=True)


@pytest.mark.parametrize(
    ("printed", "left"),
    [
        ("\x1b[1;31merror\x1b[0m: \x1b[38:2::1:2:3mbad\x1b[K", "error: bad"),
        ("\x1b]8;;https://x.example/1\x1b\\rule\x1b]8;;\x07 broken", "rule broken"),
        ("a list[31m] stays", "a list[31m] stays"),
        ("\x1b[", "\x1b["),  # cut off: `clean` takes the rest
    ],
)
def test_colours_and_links_of_a_program_are_left_out_whole(printed: str, left: str) -> None:
    assert plain(printed) == left
