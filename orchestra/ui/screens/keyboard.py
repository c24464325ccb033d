"""How keys are read from the terminal: Textual's own way, but without its waits of a tenth of a second."""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from threading import Event
from typing import Any

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver


class Wake(Event):
    """An event that a `select` hears, too."""

    def __init__(self) -> None:
        super().__init__()
        self.reading, self._writing = os.pipe()

    def set(self) -> None:
        """Whoever waits goes on."""
        if not self.is_set():
            super().set()
            os.write(self._writing, b"\0")

    def clear(self) -> None:
        """As before it was set."""
        if self.is_set():
            super().clear()
            os.read(self.reading, 1)


class Keyboard(LinuxDriver):
    """It waits for what comes. Textual's own looks ten times a second whether an Esc stands alone, or it should end.

    A popup that is slow to end takes keys that were meant for tmux.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.exit_event = self.wake = Wake()

    def run_input_thread(self) -> None:
        """Read keys until the end; an Esc that nothing follows is a key of its own."""
        parser, decode = XTermParser(self._debug), getincrementaldecoder("utf-8")().decode
        wait: float | None = None
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(self.wake.reading, selectors.EVENT_READ)
            while True:
                ready = [key.fd for key, _ in selector.select(wait)]
                if self.exit_event.is_set():
                    return
                wait = constants.ESCAPE_DELAY + 0.001 if ready else None
                if self.fileno in ready:
                    read = os.read(self.fileno, 4096)
                    if not read:
                        return  # the terminal is gone
                    text = decode(read)  # empty while a letter is still incomplete, which to the parser is the end
                    for event in parser.feed(text) if text else ():
                        self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)
