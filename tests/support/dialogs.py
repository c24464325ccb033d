"""A worker with an open dialog, and the keys and hooks that answer it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.person import Person
from support.polling import eventually

ASKS = """
```script
status working
dialog "Publish the package?"
else
  write published.txt "no"
end
run test -e published.txt || echo yes >published.txt
commit "Publish, or not"
ship
```
"""


def blocked(person: Person, number: str = "1") -> dict[str, Any]:
    """The worker, once a dialog is open in its pane."""
    person.runs("spawn", number)
    eventually(lambda: person.asks("show", number)["attention"] == "blocked", 30, "its dialog")
    found: dict[str, Any] = person.asks("show", number)
    return found


def keys(person: Person, number: str, *names: str) -> None:
    for line in person.tmux("list-panes", "-a", "-F", "#{pane_id} #{@orchestra_worker}").splitlines():
        pane, _, worker = line.partition(" ")
        if worker == number:
            person.tmux("send-keys", "-t", pane, *names)


def hooks_of(person: Person) -> list[int]:
    """The hooks that wait, by their environment and what they run."""
    found = []
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            said = (place / "cmdline").read_bytes()
            home = (place / "environ").read_bytes()
        except OSError:
            continue
        if b"PermissionRequest" in said and f"ORCHESTRA_HOME={person.environ['ORCHESTRA_HOME']}".encode() in home:
            found.append(int(place.name))
    return found
