"""What a terminal can show, as far as its environment says: UTF-8 or ASCII marks, colours or bold and reverse alone."""

from __future__ import annotations

from orchestra.core.records import Record

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARKS = {"\u25cf": "!", "\u2714": "+", "\u2718": "x", "\u25b8": ">", "\u25cc": "~", "\u00b7": ".", "\u258c": ">"}
_OTHERS = {"\u2026": "...", "\u2500": "-", "\u2502": "|", "\u2191": "Up", "\u2193": "Down", "\u2192": "->"}
_ASCII = str.maketrans({**_MARKS, **_OTHERS})
_EIGHT = ("linux", "vt100", "vt102", "vt220", "ansi", "xterm", "xterm-color", "screen", "tmux", "rxvt", "dumb")


class Look(Record):
    """How text is drawn: `ascii` without UTF-8, `plain` without colours (NO_COLOR, terminals of eight colours)."""

    ascii: bool = False
    plain: bool = False

    def text(self, shown: str) -> str:
        """Our marks and lines as this terminal can show them; a foreign text keeps its letters."""
        return shown.translate(_ASCII) if self.ascii else shown


def look_of(environ: Mapping[str, str]) -> Look:
    """What the terminal of `environ` can show."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    plain = bool(environ.get("NO_COLOR")) or environ.get("TERM", "") in _EIGHT
    return Look(ascii="utf" not in locale.lower(), plain=plain)


def shows_links(environ: Mapping[str, str]) -> bool:
    """Whether the terminal shows addresses as links (OSC 8), as far as it says who it is."""
    known = environ.get("TERM_PROGRAM", "") in ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper")
    vte = environ.get("VTE_VERSION", "0")
    return known or "KITTY_WINDOW_ID" in environ or (vte.isdigit() and int(vte) >= 5000)


def is_unknown_terminal(term: str) -> bool:
    """Whether the terminal descriptions of this machine lack `term`, as of a newer one over SSH, or cannot clear it.

    It is asked once in a process, and only a hint: tmux may have descriptions of its own.
    """
    try:
        import curses

        curses.setupterm(term or "unknown", 1)
        return curses.tigetstr("clear") is None
    except ImportError:  # a Python without it
        return False
    except curses.error:
        return True
