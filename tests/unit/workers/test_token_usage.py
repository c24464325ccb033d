"""Tokens by the agent's own transcripts: each message once, read on from where the last look ended."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from support.events import happened
from support.person import configure

from orchestra.agents.claude.usage import transcripts, used_in
from orchestra.agents.usage import ReadPosition, Usage
from orchestra.core.text import short
from orchestra.ui.console import Console
from orchestra.workers import token_usage
from orchestra.workers.overview import overview, with_tokens

pytestmark = pytest.mark.fast
MOST = 10**6


def said(name: str, written: int, fresh: int = 100, **more: Any) -> str:
    usage = {"input_tokens": fresh, "cache_read_input_tokens": 1000, "output_tokens": written, "service_tier": "x"}
    return (
        json.dumps({"type": "assistant", "message": {"id": name, "role": "assistant", "usage": usage}, **more}) + "\n"
    )


def test_one_message_is_several_lines_and_counts_once(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    result = json.dumps({"type": "user", "message": {"content": '{"usage": "assistant"}'}}) + "\n"
    file.write_text(said("m1", 1) + said("m1", 1) + result + said("m1", 40) + said("m2", 5))
    assert used_in(str(file), ReadPosition(), MOST).usage == Usage(fresh=200, cached=2000, written=45)


def test_it_is_read_on_from_where_the_last_look_ended_and_the_last_line_waits(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    line = said("m2", 5)
    file.write_text(said("m1", 1) + line[:30])
    first = used_in(str(file), ReadPosition(), MOST)
    assert (first.usage.written, first.behind) == (1, False)
    with file.open("a") as more:
        more.write(line[30:] + said("m1", 9))
    again = used_in(str(file), first, MOST)
    assert again.usage == Usage(fresh=200, cached=2000, written=14)
    assert again.offset == file.stat().st_size
    assert used_in(str(file), again, MOST) == again
    file.write_text(said("m9", 3))  # another file under the same name
    assert used_in(str(file), again, MOST).usage.written == 3


def test_a_look_reads_so_much_and_says_that_there_is_more(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("".join(said(f"m{number}", 1) for number in range(100)))
    mark, looks = ReadPosition(), 0
    while not looks or mark.behind:
        mark, looks = used_in(str(file), mark, 1000), looks + 1
    assert mark.usage.written == 100
    assert looks > 10
    assert used_in(str(file), ReadPosition(), 0).behind
    assert not used_in(str(file), mark, 0).behind


def test_a_file_that_is_not_a_transcript_has_no_tokens_and_hangs_no_command(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    bad = [
        b'"usage" "assistant" {',
        b"[" * 9000 + b'"usage""assistant"',
        said("m", 1).replace(" 100,", ' "x",').encode(),
    ]
    bad += [said("m", 1).replace('{"id": "m"', '{"id": 7').encode(), said("n", -5, True).encode()]
    (tmp_path / "bad").write_bytes(b"\n".join(bad) + b"\n\xff\x00\n")
    for name in ("pipe", "link", "none", "."):
        assert used_in(str(tmp_path / name), ReadPosition(), MOST) == ReadPosition(), name
    assert used_in(str(tmp_path / "bad"), ReadPosition(), MOST).usage == Usage(cached=2000, written=1)


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0"), (999, "999"), (1234, "1k"), (12_345, "12k"), (1_234_567, "1.2M"), (12_345_678, "12M")],
)
def test_tokens_are_short(count: int, shown: str) -> None:
    assert short(count) == shown


def test_a_worker_s_tokens_are_those_of_all_its_conversations(repo: Path, tmp_path: Path) -> None:
    configure(repo)
    console = Console(str(repo), dict(os.environ), time.time)
    store = console.project.store
    facts = {"id": "7", "title": "Seven", "branch": "b", "base": "main", "nonce": "n", "agent": "claude"}
    store.record("7", happened("spawned", "human", queued=False, baseCommit="0" * 40, agentSession="s", **facts))
    for name in ("one", "two"):
        (tmp_path / f"{name}.jsonl").write_text(said(f"{name}1", 10))
        store.record("7", happened("started", "hook", session="s", transcript=str(tmp_path / f"{name}.jsonl")))
    below = tmp_path / "two" / "subagents"
    below.mkdir(parents=True)
    (below / "agent-1.jsonl").write_text(said("sub", 100))
    assert transcripts(str(tmp_path / "two.jsonl"))[1:] == [str(below / "agent-1.jsonl")]

    def used() -> str:
        (row,) = with_tokens(console.project, overview(console.project)).rows
        return token_usage.summary(row.tokens) if row.tokens else ""

    assert used() == "3k: 300 in, 3k from the cache, 0 into it, 120 out"
    with (tmp_path / "two.jsonl").open("a") as more:
        more.write(said("two2", 30))
    assert used().endswith("150 out")
    (Path(store.cache) / "tokens.json").write_text('{"7": ["n", {"x": 1}]}')
    assert used().endswith("150 out")
    (tmp_path / "one.jsonl").unlink()  # read before: what was used stays used
    assert used().endswith("150 out")
