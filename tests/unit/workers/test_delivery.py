"""What is done next about words that are on their way to an agent, over every combination of what may be known."""

from __future__ import annotations

from itertools import product

import pytest

from orchestra.core.models import Delivery
from orchestra.workers.delivery import MOST_TRIES, PROOF_SECONDS, Evidence, Proof, Step, next_step

pytestmark = pytest.mark.fast

LATE = PROOF_SECONDS + 1
QUEUED = Evidence(Delivery.QUEUED, 0, 0.0, Proof.NONE, at_prompt=True, box="", ours=False, dialog=False, works=False)
SENT = QUEUED._replace(state=Delivery.SENT, tries=1, age=LATE)


@pytest.mark.parametrize(
    ("found", "step"),
    [
        pytest.param(QUEUED, Step.PASTE, id="queued, and it waits at an empty prompt"),
        pytest.param(QUEUED._replace(box="half a sent"), Step.NOTHING, id="queued, and the user types"),
        pytest.param(QUEUED._replace(box=None), Step.NOTHING, id="queued, and no box is seen"),
        pytest.param(QUEUED._replace(at_prompt=False), Step.NOTHING, id="queued, and it is busy: its hooks take it"),
        pytest.param(QUEUED._replace(dialog=True), Step.NOTHING, id="queued, and a dialog is open"),
        pytest.param(SENT._replace(age=1.0, box="Guidance", ours=True), Step.ENTER, id="the Enter was swallowed"),
        pytest.param(SENT._replace(ours=True, dialog=True), Step.NOTHING, id="a dialog opened over it"),
        pytest.param(SENT._replace(age=1.0), Step.NOTHING, id="sent, a proof may still come"),
        pytest.param(SENT._replace(proof=Proof.GIVEN), Step.CONFIRM, id="proven"),
        pytest.param(SENT._replace(proof=Proof.QUEUED), Step.NOTHING, id="in the agent's own queue"),
        pytest.param(SENT, Step.PASTE, id="late, no trace, empty box: once more"),
        pytest.param(SENT._replace(tries=MOST_TRIES), Step.ASK, id="late again: the user is asked"),
        pytest.param(SENT._replace(proof=Proof.UNREADABLE), Step.ASK, id="late, and no transcript to look into"),
        pytest.param(SENT._replace(works=True), Step.NOTHING, id="late, and a turn runs"),
        pytest.param(SENT._replace(at_prompt=False), Step.NOTHING, id="late, and its hooks say it is busy"),
        pytest.param(SENT._replace(box="x"), Step.NOTHING, id="late, and somebody types"),
        pytest.param(SENT._replace(state=Delivery.UNCONFIRMED), Step.NOTHING, id="the user was asked"),
    ],
)
def test_what_is_done_next(found: Evidence, step: Step) -> None:
    assert next_step(found) is step


def every() -> list[Evidence]:
    flags = list(product((True, False), repeat=4))
    return [
        Evidence(state, tries, seconds, proof, at_prompt=at, box=box, ours=ours and bool(box), dialog=dialog, works=works)
        for state, tries, seconds, proof, box in product(
            Delivery, range(4), (0.0, LATE), Proof, (None, "", "Guidance g1 from human:")
        )
        for at, ours, dialog, works in flags
    ]  # fmt: skip


def test_the_rules_hold_whatever_is_known() -> None:
    for found in every():
        step = next_step(found)
        if found.dialog:
            assert step in (Step.NOTHING, Step.CONFIRM), found  # no key goes into a dialog
        if step is Step.PASTE:
            assert found.box == "", found
            again = found.state is Delivery.SENT
            assert not again or (found.tries < MOST_TRIES and found.proof is Proof.NONE and found.age > PROOF_SECONDS)
        if step is Step.ENTER:
            assert found.ours, found
        if step is Step.CONFIRM:
            assert found.proof is Proof.GIVEN
