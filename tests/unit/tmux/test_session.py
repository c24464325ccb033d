from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from orchestra.errors import Unreachable
from orchestra.tmux.client import LOOKS, Server, TmuxReply
from orchestra.tmux.session import Session

pytestmark = pytest.mark.fast

ROW = "$0|@1|1|0|%2|0|||5|{worker}|n7|0||workers.1.workers|{last}|acme"
WHOLE, CUT = ROW.format(worker="7", last="."), ROW.format(worker="", last="")


def session(answers: list[str]) -> Session:
    """A session whose server gives these answers, the last one for ever."""

    def carry(server: Server, argv: Sequence[str], environ: Mapping[str, str], text: str) -> TmuxReply:
        return TmuxReply(0, answers.pop(0) if len(answers) > 1 else answers[0], "")

    return Session(Server("/nowhere", {}, carry), "acme")


@pytest.mark.parametrize("cut", [0, 1, LOOKS - 1])
def test_a_busy_tmux_is_asked_until_it_answers_whole(cut: int) -> None:
    assert [pane.worker for pane in session([CUT] * cut + [WHOLE]).panes()] == ["7"]


def test_that_a_pane_is_gone_is_never_taken_from_a_part_of_an_answer() -> None:
    with pytest.raises(Unreachable, match="too busy"):
        session([CUT]).panes()
