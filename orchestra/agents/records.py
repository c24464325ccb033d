"""What an agent shows, in records that every agent shares."""

from __future__ import annotations

from orchestra.core.records import Record


class StartupProblem(Record):
    """Why an agent did not start, as its screen says: a word for the kind, a sentence, and what the user does."""

    kind: str
    sentence: str
    fix: str


class ScreenDialog(Record):
    """A dialog that an agent's screen shows: what it says, what can be chosen, and how.

    `chosen` is the option that the cursor marks, which arrows move; -1: each option has a key of its own in `keys`.
    """

    text: str
    options: tuple[str, ...]
    chosen: int
    keys: tuple[str, ...] = ()


class RunningSession(Record):
    """A session of an agent's program that runs: by which process, in which directory, in the background or not."""

    pid: int
    session: str
    directory: str
    background: bool
    began: float  # epoch seconds: its process had this number then
    version: str = ""  # of the program that runs, which an update on disk leaves as it is; empty: not told
