"""What the keys of the workspace do, and which key does it: one table for tmux, the board and the popups. Pure."""

from __future__ import annotations

import re

from orchestra.core.records import Record
from orchestra.core.text import clean

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMED = "F(?:[1-9]|1[0-2])|Enter|Space|Tab|BSpace|Up|Down|Left|Right"
# Those that tmux itself writes as they are here: C-A, C-i and M-C-x it writes otherwise, and would not be found again.
_KEY = re.compile(rf"[!-~]|C-[a-hj-ln-z]|M-[A-Za-z0-9]|(?:[CMS]-)?(?:{_NAMED})", re.ASCII)


class Action(Record):
    """What a key does; `popup`: the screen that it opens over the pane, or empty."""

    name: str
    key: str
    words: str
    popup: str = ""
    group: str = ""


ACTIONS = (
    Action("next", "a", "go to the worker that needs you most; again: the next one", group="Go"),
    Action("workers", "w", "choose a worker and go there", "workers", "Go"),
    Action("board", "b", "open the board", group="Go"),
    Action("orchestrator", "o", "go to the orchestrator", group="Go"),
    Action("back", "q", "back to where you came from", group="Go"),
    Action("tell", "t", "answer this worker, or tell it something", "tell", "Answer"),
    Action("approve", "y", "approve what it asks", "approve", "Answer"),
    Action("deny", "n", "deny what it asks, with a reason", "deny", "Answer"),
    Action("gates", "g", "everything that needs you, one after the other", "gates", "Answer"),
    Action("list", "l", "every worker", "list", "Look"),
    Action("pull", "p", "its pull request in the browser", group="Look"),
    Action("diff", "d", "review what it has changed: comment, approve, merge", "diff", "Look"),
    Action("spawn", "s", "start a worker on the issue under the cursor", group="Start"),
    Action("new", "c", "write a new task, and start a worker on it", "new", "Start"),
    Action("help", "?", "all keys", "help", "Start"),
)
NAMES = tuple(action.name for action in ACTIONS)


def chosen(given: Mapping[str, str | None]) -> dict[str, str]:
    """The key of each action under the config's `keys:`; one that is null has none."""
    found = {action.name: given.get(action.name, action.key) for action in ACTIONS}
    return {name: key for name, key in found.items() if key}


def problem(given: Mapping[str, str | None], name: str) -> str:
    """What is wrong with one entry of `keys:`; empty when nothing is."""
    key = given[name]
    if name not in NAMES:
        return f"expected one of {', '.join(NAMES)}"
    if key is None:
        return ""
    if why := key_problem(key):
        return why
    same = [other for other, taken in chosen(given).items() if taken == key and other != name]
    return f"{key} is the key of {same[0]} too" if same else ""


def key_problem(key: str) -> str:
    """Why tmux would not take this as a key; empty when it would."""
    return "" if _KEY.fullmatch(key) else f'expected a key such as O, C-s, M-g or F9, got "{clean(key, 20)}"'
