"""A conflict of stacked work that was told is looked at again without a key."""

from __future__ import annotations

import pytest
from pytest_mock import MockerFixture

from orchestra.core.models import Status, Worker
from orchestra.workers import stacks
from orchestra.workers.stacks import Start

pytestmark = pytest.mark.fast
ONTO = "b" * 40


@pytest.mark.parametrize(("told", "conflicts", "asked"), [(True, True, 0), (True, False, 1), (False, True, 1)])
def test_no_key_is_asked_for_while_a_conflict_that_was_told_lasts(
    told: bool, conflicts: bool, asked: int, mocker: MockerFixture
) -> None:
    mocker.patch.object(stacks, "git_config_guard")
    mocker.patch.object(stacks, "delivery")
    mocker.patch.object(stacks, "stack").conflicts.return_value = conflicts
    signs = mocker.patch.object(stacks, "_signs", return_value=(False, ""))
    fed = (f"stack-conflict:{ONTO}",) if told else ()
    parent = Worker("1", "Below", Status.COMPLETE, "", nonce="n")
    child = Worker("2", "Above", Status.COMPLETE, "", nonce="m", parent="1", base_commit="a" * 40, fed=fed)
    stacks._carry(mocker.MagicMock(), child, parent, Start("", "issue-1", ONTO), lambda _: None)
    assert signs.call_count == asked
