"""The scripted agent's screen: lines that scroll away, and below them a prompt box or a dialog that is drawn anew.

It shows what Claude Code shows, in the same shapes: a box between two rules, a dialog with numbered choices. It takes
text in bracketed pastes, in which an Enter is part of the text.
"""

from __future__ import annotations

import codecs
import os
import re
import select
import signal
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean_lines

MARK = "\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}"
RULE = "─" * 20
MOST_SHOWN = 6  # lines of what somebody says
ESCAPE_SECONDS = 0.05  # within which the rest of a key's bytes comes
_ESCAPE = regex(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|O.|[^\[O])?", re.DOTALL)
_PLAIN = regex(r"[^\x00-\x09\x0b-\x1f\x7f]+")
_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"


class Leave(Exception):
    """The conversation is left, for this reason, as the SessionEnd hook tells it."""


def shortened(text: str) -> str:
    """The first lines of a long text, and how many more there are."""
    lines = clean_lines(text).split("\n")
    more = len(lines) - MOST_SHOWN
    return "\n".join([*lines[:MOST_SHOWN], f"[+{more} lines]"] if more > 0 else lines)


class Key(Record):
    """What was typed: `text` (also a whole paste), or one of `enter`, `back`, `escape`, `end`."""

    kind: str
    text: str = ""
    pasted: bool = False


class Keys:
    """Bytes of a terminal, cut up into keys. A paste and a character may come in several reads."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""

    def feed(self, read: bytes) -> Iterator[Key]:
        """The keys that are complete with what was just read; nothing read is the end of the terminal."""
        if not read:
            yield Key("end")
        self._pending += self._decoder.decode(read)
        while self._pending:
            key, length = self._first()
            if length == 0:
                return
            self._pending = self._pending[length:]
            if key is not None:
                yield key

    def waits(self) -> bool:
        """True when an Escape was read that may be the begin of more."""
        return self._pending == "\x1b"

    def escape(self) -> Key:
        """The Escape after which nothing came."""
        self._pending = ""
        return Key("escape")

    def _first(self) -> tuple[Key | None, int]:
        """The first key and its length; length 0 when more must come."""
        typed = self._pending
        if typed.startswith(_PASTE):
            end = typed.find(_PASTED)
            text = typed[len(_PASTE) : end].replace("\r\n", "\n").replace("\r", "\n")
            return (Key("text", text, pasted=True), end + len(_PASTED)) if end >= 0 else (None, 0)
        if typed[0] == "\x1b":
            found = _ESCAPE.match(typed)
            return None, found.end() if found and not _PASTE.startswith(typed) else 0
        named = {"\r": "enter", "\x7f": "back", "\b": "back", "\x04": "end"}.get(typed[0])
        if named is not None:
            return Key(named), 1
        found = _PLAIN.match(typed)
        length = found.end() if found else 0
        return (Key("text", typed[:length]), length) if length else (None, 1)


class Screen:
    """Draws on `out` and reads `into`, two descriptors of one terminal."""

    def __init__(self, into: int, out: int) -> None:
        self.into = into
        self._out = out
        self._keys = Keys()
        self._typed: list[Key] = []
        self._row = 0  # of the cursor, in what is drawn below the lines
        self._drawn: Sequence[str] = ()
        self._waits = False

    @contextmanager
    def raw(self) -> Iterator[None]:
        """Take keys one by one and pastes as pastes; afterwards the terminal is as it was."""
        if not os.isatty(self.into):
            yield
            return
        before = termios.tcgetattr(self.into)
        wanted = termios.tcgetattr(self.into)
        wanted[0] &= ~(termios.ICRNL | termios.IXON)
        wanted[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
        termios.tcsetattr(self.into, termios.TCSADRAIN, wanted)
        self._write("\x1b[?2004h")
        resized = signal.signal(signal.SIGWINCH, self._resized)
        try:
            yield
        finally:
            signal.signal(signal.SIGWINCH, resized)
            self._write("\x1b[?2004l")
            with suppress(termios.error):
                termios.tcsetattr(self.into, termios.TCSADRAIN, before)

    def line(self, text: str = "", mark: str = "") -> None:
        """A line that scrolls away: `mark` comes before it, and foreign text is made safe."""
        self.erase()
        margin = " " * len(mark)
        shown = clean_lines(text).split("\n")
        self._write("".join(f"{mark if row == 0 else margin}{said}\n" for row, said in enumerate(shown)))

    def output(self, text: str) -> None:
        """A line of a program's output, set apart from the agent's own words."""
        self.line(text.rstrip("\n"), "    ")

    def box(self, text: str) -> None:
        """The prompt box with `text` in it."""
        lines = shortened(text).split("\n")
        shown = [f"{MARK if row == 0 else ' '} {line}" for row, line in enumerate(lines)]
        self._draw([RULE, *shown, RULE], row=len(shown))

    def dialog(self, question: str) -> None:
        """A question that keys answer."""
        choices = [f"{MARK} 1. Yes", "  2. No", "", "Esc to cancel"]
        self._draw(["Permission needed", *clean_lines(question).split("\n"), *choices], row=2)

    def erase(self) -> None:
        """Take the box or the dialog away."""
        if self._drawn:
            self._write((f"\x1b[{self._row}A" if self._row else "") + "\r\x1b[J")
            self._row, self._drawn = 0, ()

    def key(self, other: int | None = None) -> Key | None:
        """The next key; None when the descriptor `other` has something to read first."""
        while not self._typed:
            patience = ESCAPE_SECONDS if self._keys.waits() else None
            self._waits = True
            ready, _, _ = select.select([self.into] if other is None else [self.into, other], [], [], patience)
            self._waits = False
            if self.into in ready:
                self._typed += self._keys.feed(os.read(self.into, 65536))
            elif ready:
                return None
            else:
                self._typed.append(self._keys.escape())
        return self._typed.pop(0)

    def _draw(self, lines: Sequence[str], row: int) -> None:
        self.erase()
        width = self._width()
        cut = [line[:width] for line in lines]
        below = len(cut) - 1 - row
        column = len(cut[row])
        self._write("\n".join(cut) + (f"\x1b[{below}A" if below else "") + "\r" + (f"\x1b[{column}C" if column else ""))
        self._row, self._drawn = row, lines

    def _resized(self, *_: object) -> None:
        """A pane that shrinks cuts off what is below the cursor: a box without its end is none to whoever delivers."""
        if self._waits and self._drawn:
            self._draw(self._drawn, self._row)

    def _width(self) -> int:
        try:
            return max(os.get_terminal_size(self._out).columns - 1, 20)
        except OSError:
            return 79

    def _write(self, text: str) -> None:
        left = text.encode("utf-8", "replace")
        with suppress(OSError):  # a terminal that is gone shows nothing; SIGHUP says what to do
            while left:
                left = left[os.write(self._out, left) :]
