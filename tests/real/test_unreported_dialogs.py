"""A dialog of which no hook tells: seen on the screen, shown as needing the user, answered by keys on the user's word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.person import Person, configure, write_issue
from support.polling import eventually

from orchestra.agents.claude.selftest import MessagesApi, marker
from orchestra.agents.claude.selftest.sandbox import KEY, private_home
from orchestra.agents.claude.selftest.script import bash
from orchestra.agents.claude.tested_versions import NEWEST

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

QUIET = ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL")


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    with MessagesApi() as served:
        yield served


@pytest.fixture
def gateway(
    repo: Path, home: Path, api: MessagesApi, git: Callable[..., str], claude_program: Path, claude_version: str
) -> Callable[..., Person]:
    """A worker in the profile `auto`, behind an address that does not pass on the program's own check."""
    if claude_version != NEWEST:
        pytest.skip("this version asks the model itself for the check, which a gateway passes on")

    def begun(*steps: dict[str, Any]) -> Person:
        private_home(home, repo)
        agent = f"{{command: {claude_program}, permissions: auto, env: [CLAUDE_CODE_DISABLE_*]}}"
        configure(repo, "tracker: local", f"agents: {{claude: {agent}}}")
        write_issue(repo, 1, "One", f"Do it.\n\n{marker(*steps, {'text': 'I wait.'})}")
        git("-C", repo, "add", ".")
        git("-C", repo, "commit", "-qm", "issues")
        person = Person(repo, {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": KEY, **dict.fromkeys(QUIET, "1")})
        person.runs("up", "-d")
        person.runs("spawn", "1")
        return person

    return begun


def asked(person: Person, words: str) -> dict[str, Any]:
    """The dialog with these words, once the list shows that it needs the user."""

    def found() -> dict[str, Any] | None:
        seen = person.asks("show", "1")
        dialogs: list[dict[str, Any]] = seen["dialogs"]
        return next((one for one in dialogs if words in one["summary"] + one["context"]), None)

    dialog = eventually(found, 90, f"a dialog with {words!r}")
    assert dialog is not None
    assert person.asks("show", "1")["attention"] == "blocked"
    return dialog


@pytest.mark.nightly  # five dialogs, one after the other, take a minute
def test_the_dialogs_of_a_gateway_are_answered_from_outside(gateway: Callable[..., Person], home: Path) -> None:
    first, second = home / "first", home / "second"
    person = gateway(bash(f"touch {first}"), bash(f"touch {second}"))
    choice = asked(person, "can't check actions in this session")
    assert choice["options"][0] == "stay in auto mode"
    person.runs("tell", "1", "no such answer", code=1)
    assert not first.exists()
    person.runs("tell", "1", "1")
    permission = asked(person, f"touch {first}")
    assert (permission["gate"], permission["options"]) == ("permission", [])
    assert "so this one needs your approval" in permission["context"]
    person.runs("approve", "1")
    eventually(first.exists, 30, "the approved command")
    again = asked(person, f"touch {second}")
    assert again["request"] != permission["request"]
    person.runs("deny", "1", "not this one")
    eventually(lambda: person.asks("show", "1")["activity"]["state"] != "blocked", 30, "the dialog to be closed")
    assert "too late" in person.runs("approve", "1", code=1).err or not person.asks("show", "1")["dialogs"]
    eventually(lambda: "not this one" in person.screen("1"), 60, "the reason to be told")
    assert not second.exists()
