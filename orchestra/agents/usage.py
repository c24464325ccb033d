"""How many tokens an agent's transcripts say it has used: read from where the last look ended, and not for ever."""

from __future__ import annotations

from orchestra.core.records import Record

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOK_BYTES = 16 * 1024 * 1024  # what one look reads of all transcripts together: 0.2 s


class Usage(Record):
    """Tokens as the model's maker counts them: read new, read again from its cache, put into the cache, written."""

    fresh: int = 0
    cached: int = 0
    stored: int = 0
    written: int = 0

    @property
    def total(self) -> int:
        """All that went through the model."""
        return sum(self)

    def plus(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class ReadPosition(Record):
    """How far one transcript has been read, and what stood there. `behind`: there is more to read."""

    offset: int = 0
    usage: Usage = Usage()
    last: Mapping[str, Usage] = {}  # by message id, the newest: one message is several lines, and counts once
    behind: bool = False
