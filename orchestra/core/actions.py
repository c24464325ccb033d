"""What the keys of the workspace do, and which key does it: one table for tmux, the board and the popups. Pure."""

from __future__ import annotations

import re

from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMED = "F(?:[1-9]|1[0-2])|Enter|Space|Tab|BSpace|Up|Down|Left|Right"
# Those that tmux itself writes as they are here: C-A, C-i and M-C-x it writes otherwise, and would not be found again.
_KEY = regex(rf"[!-~]|C-[a-hj-ln-z]|M-[A-Za-z0-9]|(?:[CMS]-)?(?:{_NAMED})", re.ASCII)


class Action(Record):
    """What a key does; `popup`: the screen that it opens over the pane, or empty."""

    name: str
    key: str
    words: str
    popup: str = ""
    group: str = ""
    short: str = ""  # in a footer
    is_new: bool = False  # not in 0.1.0: a key that the user chose for something else wins


ACTIONS = (
    Action("next", "a", "go to the worker that needs you most; again: the next one", group="Go", short="next"),
    Action("workers", "w", "choose a worker and go there", "workers", "Go", "workers"),
    Action("board", "b", "open the board", group="Go", short="board"),
    Action("orchestrator", "o", "go to the orchestrator", group="Go", short="orchestrator"),
    Action("back", "q", "back to where you came from", group="Go", short="back"),
    Action("tell", "t", "answer this worker, or tell it something", "tell", "Answer", "answer"),
    Action("approve", "y", "approve what it asks", "approve", "Answer", "yes"),
    Action("deny", "n", "deny what it asks, with a reason", "deny", "Answer", "no"),
    Action("gates", "g", "everything that needs you, one after the other", "gates", "Answer", "all that needs you"),
    Action("diff", "d", "review what it has changed: comment, approve, merge", "diff", "Review", "review"),
    Action("merge", "m", "merge its change; asks first", "merge", "Review", "merge", is_new=True),
    Action("pull", "p", "its pull request in the browser", group="Review", short="pull request"),
    Action("edit", "e", "its worktree in your editor", "edit", "Review", "editor", is_new=True),
    Action("log", "l", "what happened to it", "log", "Review", "log", is_new=True),
    Action("list", "", "every worker as a table", "list", "Review", "list"),
    Action("spawn", "s", "start a worker on the issue under the cursor", group="Steer", short="spawn"),
    Action("new", "c", "write a new task, and start a worker on it", "new", "Steer", "new", is_new=True),
    Action("pause", "P", "pause it, or go on when it is paused", group="Steer", short="pause", is_new=True),
    Action("restart", "R", "start its agent again; asks first", "restart", "Steer", "restart", is_new=True),
    Action("cancel", "X", "end it, its work stays; asks first", "cancel", "Steer", "cancel", is_new=True),
    Action("help", "?", "all keys", "help", "Help", "all keys"),
)
NAMES = tuple(action.name for action in ACTIONS)


def chosen(given: Mapping[str, str | None]) -> dict[str, str]:
    """The key of each action under the config's `keys:`; one that is null has none."""
    taken = {key for key in given.values() if key}
    found = {
        action.name: given.get(action.name, "" if action.is_new and action.key in taken else action.key)
        for action in ACTIONS
    }
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
