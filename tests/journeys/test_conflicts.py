"""Conflicts between living workers are named while they work, long before there is a merge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.person import Person, configure, write_issue
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
WORK = '```script\nstatus working\nwrite {0} "{1}"\n{2}hang\n```\n'


def test_a_conflict_is_named_everywhere_and_told_to_both_once(repo: Path, git: Callable[..., str]) -> None:
    configure(repo, "agent: scripted", "tracker: local")
    commit = 'commit "Write"\n'
    write_issue(repo, 1, "Prices in euros", WORK.format("price.py", "euro", commit))
    write_issue(repo, 2, "Prices in dollars", WORK.format("price.py", "dollar", commit))
    write_issue(repo, 3, "Apart", WORK.format("apart.py", "x", commit))
    write_issue(repo, 4, "Not committed", WORK.format("apart.py", "y", ""))
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    person = Person(repo)
    person.runs("up", "-d")
    person.runs("spawn", "1", "2", "3", "4")

    def met() -> set[tuple[str, str, bool]]:
        rows = person.asks("list")["workers"]
        return {(one["first"], one["second"], one["conflict"]) for row in rows for one in row["meets"]}

    wanted = {("1", "2", True), ("3", "4", False)}
    eventually(lambda: met() == wanted, 60, "both pairs to be seen")
    assert "#1 and #2 conflict in price.py" in person.runs("list").out
    assert "both change apart.py" not in person.runs("list").out
    assert "#1 and #2 conflict in price.py" in person.runs("show", "2").out
    assert "#3 and #4 both change apart.py" in person.runs("show", "4").out
    for number, other in (("1", "Prices in dollars"), ("2", "Prices in euros")):
        words = eventually(lambda number=number: person.asks("show", number)["guidance"], 30, "the words")  # type: ignore[misc]
        assert words is not None
        assert [other in one["text"] and "price.py" in one["text"] for one in words] == [True]
    assert person.asks("show", "3")["guidance"] == []
    assert person.asks("queue", "--merge-order")["mergeOrder"][-1]["id"] == "2"
    assert "4. #2  then has to resolve: #1 and #2 conflict in price.py" in person.runs("queue", "--merge-order").out
    person.runs("cancel", "2")
    eventually(lambda: met() == {("3", "4", False)}, 30, "the cancelled one to be left out")
    person.runs("down")
