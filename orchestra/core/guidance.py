"""How guidance reads to an agent. Pure; standard library only: hooks hand it over."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from orchestra.core.models import Guidance

HEAD = "Guidance g"
_PASTE_MARKS = ("\x1b[200~", "\x1b[201~", "\x9b200~", "\x9b201~")
_CONTROL = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)))


def without_controls(text: str) -> str:
    """Words that are only words, whichever way they reach an agent: no control character but newline and tab, no end
    of a paste (up to tmux 3.6 `ESC[201~` ends a paste, and what follows would be keys), no half character.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for mark in _PASTE_MARKS:
        text = text.replace(mark, "")
    return text.translate(_CONTROL).encode("utf-8", "replace").decode()


def as_message(words: Guidance) -> str:
    """One piece as the agent gets it. The first line keeps a leading `!` or `/` from being a command of the agent.

    The agent's evidence is this first line, so the text may hold no line like it: a log may quote one.
    """
    body = "\n".join(f" {line}" if line.startswith(HEAD) else line for line in words.text.split("\n"))
    return f"Guidance {words.id} from {words.sender}:\n{body}"


def as_one_message(pieces: Iterable[Guidance]) -> str:
    """Several pieces as one message."""
    return "\n\n".join(map(as_message, pieces))


def first_that_fit(pieces: Sequence[Guidance], most: int) -> Sequence[Guidance]:
    """As many as one message of `most` characters holds, from the first on: none overtakes another."""
    count = 0
    while count < len(pieces) and len(as_one_message(pieces[: count + 1])) <= most:
        count += 1
    return pieces[:count]
