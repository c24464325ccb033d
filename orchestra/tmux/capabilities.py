"""What a tmux server can do, by its version. The only module that knows version numbers.

The version is asked of the running server: after an upgrade the client on PATH is newer than the server it talks to.
What works the same in every version needs no entry here, and is to be preferred.
"""

from __future__ import annotations

import re

from orchestra.core.records import Record

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

    Version = tuple[int, int, str]  # numbers and a letter: 3.2a came after 3.2

OLDEST: Version = (3, 2, "a")
_NEWER_THAN_ANY: Version = (999, 0, "")  # what names itself after no release: `master`, OpenBSD's own


class Feature(Record):
    """Something that not every version can do, or that one does wrongly."""

    name: str
    seen: str  # how a running server shows it
    without: str  # what is done instead
    since: Version = (0, 0, "")  # the first version that can
    broken: tuple[Version, Version] | None = None  # from the first of these on, until before the second
    loss: str = ""  # what the user misses without it; empty where nothing is missed


MESSAGE_TO_CLIENT = Feature(
    name="display-message -c CLIENT",
    seen="`display-message -c` takes the name of a client; before, the name is taken for the text",
    without="the message goes to the terminal of the session that was used last",
    since=(3, 3, ""),
    loss="with several terminals attached, a message is shown only in the one used last",
)
EXIT_SIGNAL = Feature(
    name="#{pane_dead_signal}",
    seen="a program that a signal has ended leaves its number in `pane_dead_signal`",
    without="such an end has no exit status",
    since=(3, 3, ""),
    loss="a program that a signal has ended shows no exit status",
)
KEYS_BY_FORMAT = Feature(
    name="list-keys -F FORMAT",
    seen="`list-commands list-keys` names -F",
    without="the text that list-keys prints is parsed, and notes are read with -N",
    since=(3, 7, ""),
)
PRINTS_DOLLARS = Feature(
    name="$NAME is printed as it is",
    seen="`display-message -p '$A'` prints `$A`, and one version `\\$A`",
    without="the backslash before `$` and a name is removed from what was printed",
    broken=((3, 4, ""), (3, 5, "")),
)

POPUP_WITHOUT_BORDER = Feature(
    name="display-popup -B",
    seen="`display-popup -B` opens a popup without a frame; before, the flag is not known",
    without="tmux draws the frame, and what runs in the popup draws none",
    since=(3, 3, ""),
)

QUIET_DEATH = Feature(
    name="remain-on-exit-format",
    seen="`set -p remain-on-exit-format ''` is taken; before, the option is not known",
    without="tmux writes `Pane is dead` into the last row, which scrolls the text of the pane away",
    since=(3, 3, ""),
    loss="a program that has ended on a larger screen may leave nothing but `Pane is dead` in sight",
)

MANUAL_SIZE = Feature(
    name="window-size manual",
    seen="with `set -g window-size manual` a new window opens; in some versions the server ends instead",
    without="our own server sets it to latest, and on the user's own server no workspace is opened",
    broken=((3, 3, ""), (3, 7, "")),
)

FEATURES = (
    MESSAGE_TO_CLIENT,
    EXIT_SIGNAL,
    KEYS_BY_FORMAT,
    PRINTS_DOLLARS,
    POPUP_WITHOUT_BORDER,
    QUIET_DEATH,
    MANUAL_SIZE,
)


class Capabilities(Record):
    """What one server can do."""

    version: Version

    def has(self, feature: Feature) -> bool:
        """Whether it can do this, and does it right."""
        if feature.broken and feature.broken[0] <= self.version < feature.broken[1]:
            return False
        return self.version >= feature.since

    @property
    def too_old(self) -> bool:
        """Whether this version is not supported."""
        return self.version < OLDEST

    def losses(self) -> Iterator[str]:
        """What the user misses with this version, a sentence each."""
        for feature in FEATURES:
            if feature.loss and not self.has(feature):
                yield feature.loss


def parse(text: str) -> Capabilities:
    """The capabilities of a version as tmux writes it: `3.4`, `tmux 3.2a`, `next-3.8` before the release of 3.8."""
    found = re.fullmatch(r"(?:tmux )?(?:next-)?(\d+)\.(\d+)([a-z]?)(?![\d.]).*", text.strip())
    return Capabilities((int(found[1]), int(found[2]), found[3]) if found else _NEWER_THAN_ANY)


def version_text(version: Version = OLDEST) -> str:
    """`3.2a`."""
    return f"{version[0]}.{version[1]}{version[2]}"
