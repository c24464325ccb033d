"""A dialog as Claude Code's screen shows it: what it says, what can be chosen, and by which keys.

Only for dialogs of which no hook tells: behind a gateway the check of the mode `auto` asks in the pane alone.
"""

from __future__ import annotations

from orchestra.agents.claude.screen import CHOSEN, FOOTER, MARK, RULE, dialog_open, lines_of
from orchestra.agents.records import ScreenDialog
from orchestra.core.regex import regex
from orchestra.core.text import clean, clean_lines

_NUMBERED = regex(rf"\s*{MARK}?\s*\d{{1,2}}\. (\S.*)")
_MARKED = regex(rf"\s*{MARK}\s*\S")
_BY_KEY = regex(r"(\S+) to (\S.*)")  # `shift+Tab to leave for accept edits mode`
_KEYS = {"enter": "Enter", "esc": "Escape", "tab": "Tab", "shift+tab": "BTab", "space": "Space"}
_DIVIDER = regex(r"[\u2500-\u257f\s]*")


def read_dialog(screen: str) -> ScreenDialog | None:
    """The dialog that is open on a captured screen; None where there is none that is understood."""
    if not dialog_open(screen):
        return None
    lines = lines_of(screen)
    footer = next((row for row in range(len(lines) - 1, -1, -1) if FOOTER.match(lines[row])), None)
    chosen = next((row for row in range(len(lines) - 1, -1, -1) if CHOSEN.match(lines[row])), None)
    last = max(row for row in (footer, chosen) if row is not None)
    top = next((row for row in range(last - 1, -1, -1) if RULE.fullmatch(lines[row].strip())), -1)
    marked = next((row for row in range(last, top, -1) if _MARKED.match(lines[row])), None)
    if marked is None:
        return _by_keys(lines[top + 1 : last], lines[last])
    rows = _options(lines, marked, top)
    options = tuple(clean(_label(lines[row]), 200) for row in rows)
    return ScreenDialog(_text(lines[top + 1 : rows[0]]), options, rows.index(marked))


def _options(lines: list[str], marked: int, top: int) -> list[int]:
    """The rows that begin an option: those with a number, else those around the marked one as far indented as it."""
    if _NUMBERED.match(lines[marked]):
        return [row for row in range(top + 1, len(lines)) if _NUMBERED.match(lines[row])]
    column = len(lines[marked]) - len(lines[marked].lstrip(f" {MARK}\u00a0"))

    def belongs(row: int) -> bool:
        line = lines[row] if top < row < len(lines) else ""
        return line[:column].strip() == "" and line[column : column + 1].strip() != ""

    first, end = marked, marked + 1
    while belongs(first - 1):
        first -= 1
    while belongs(end):
        end += 1
    return list(range(first, end))


def _label(line: str) -> str:
    numbered = _NUMBERED.match(line)
    return numbered[1] if numbered else line.strip(f" {MARK}\u00a0")


def _by_keys(above: list[str], footer: str) -> ScreenDialog | None:
    """A dialog without a list: its last line says which key does what."""
    found = [match for part in footer.split(" \u00b7 ") if (match := _BY_KEY.fullmatch(part.strip()))]
    known = [(clean(match[2], 200), _KEYS[match[1].lower()]) for match in found if match[1].lower() in _KEYS]
    if not known:
        return None
    return ScreenDialog(_text(above), tuple(label for label, _ in known), -1, tuple(key for _, key in known))


def _text(lines: list[str]) -> str:
    kept = [line.strip() for line in lines if line.strip() and not _DIVIDER.fullmatch(line)]
    return clean_lines("\n".join(kept), 4000)
