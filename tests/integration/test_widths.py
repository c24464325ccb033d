"""How many columns text takes: the same number for us, for Textual's screens and for tmux."""

from __future__ import annotations

from pathlib import Path

from support.hostile import strings
from support.polling import eventually
from support.terminal import Terminal

from orchestra.core import cells
from orchestra.core.look import Look
from orchestra.core.text import clean
from orchestra.ui.screens.paper import Paper

MAN, WOMAN, GIRL = "\U0001f468", "\U0001f469", "\U0001f467"
TEXTS = (
    f"{MAN}\u200d{WOMAN}\u200d{GIRL} family \U0001f3f3\ufe0f\u200d\U0001f308",
    "\U0001f44d\U0001f3fd thumb \u2764\ufe0f heart 1\ufe0f\u20e3 keycap",
    "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7 flags",
    "e\u0301 z\u0335\u0321\u0322\u0327\u0335 marks",
    "\u0e01\u0e33\u0e19\u0e49\u0e33 \u1112\u1161\u11ab \u0915\u094d\u0937\u093f \u0ba8\u0bbf \u0995\u09be",
    "\u0dc1\u0dca\u200d\u0dbb\u0dd3 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u05e9\u05dc\u05d5\u05dd \u202eevil",
    "\u6f22\u5b57 \uff57\uff49\uff44\uff45 \uff76\uff9e \u00b1\u2192\u2026",
    "tab\tnew\nline zero\u200bwidth\u2060\ufeff soft\u00adhyphen",
)


def test_a_line_is_as_wide_in_tmux_as_it_is_counted(tmp_path: Path) -> None:
    """At the column that is counted a bar is drawn: it must touch the text, and hide nothing of it."""
    shown = [clean(text) for text in TEXTS]
    file = tmp_path / "lines"
    file.write_text("".join(f"{text}\x1b[{cells.width(text) + 1}G|\r\n" for text in shown))
    terminal = Terminal(120, 40)
    terminal.run(["sh", "-c", 'cat "$0"; exec sleep 1000', str(file)])
    eventually(lambda: terminal.text.count("|") == len(shown))
    assert terminal.text.splitlines()[: len(shown)] == [f"{text}|" for text in shown]
    terminal.end()


def test_the_side_of_a_box_stands_in_its_column() -> None:
    for text in (*TEXTS, *strings(3, 400)):
        paper = Paper(40, 3, Look())
        paper.box(0, 0, 40, 3)
        paper.put(1, 1, 38, clean(text))
        strip = paper.strips()[1]
        drawn = strip.text
        assert strip.cell_length == cells.width(drawn) == 40, text
        assert drawn.endswith("\u2502"), text
