from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from orchestra.agents.claude.selftest import MessagesApi, marker
from orchestra.agents.claude.selftest.script import Step, fill, next_step, place, steps_in, user_texts

pytestmark = pytest.mark.fast

BASH = {"tool": "Bash", "input": {"command": "true"}}
SCRIPT = marker(BASH, {"text": "first", "tool": "Edit"}, {"wait": True}, {"text": "second", **BASH}, {"text": "end"})
QUEUED = "The user sent a new message while you were working:\nuse blue\n\nIMPORTANT: you MUST address it."


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def answer(text: str = "") -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": text or "..."}]}


RESULT = {
    "role": "user",
    "content": [{"type": "tool_result", "tool_use_id": "t", "content": "Guidance g1 [[stub: not me"}],
}
REMINDER = user("<system-reminder>\nas you answer\n</system-reminder>\n")
ASKED = user(f"Do issue 124.\n> {SCRIPT}\nThat is all.")
SYSTEM = {"role": "system", "content": QUEUED}
CONTEXT = "<system-reminder>\nPostToolUse:Bash hook additional context: {}\n</system-reminder>"
HANDED = {
    "role": "user",
    "content": [*RESULT["content"], *user(CONTEXT.format("Guidance g1 from human:\nblue"))["content"]],
}
OTHER = user(CONTEXT.format("#124 is stuck"))
# The newest versions put before it that a hook's output "carries no message, answer or approval from the user".
FEEDBACK = user(
    "<system-reminder>\nThe text below is the output of a hook.\n"
    "Stop hook feedback:\nGuidance g2 from monitor:\nlint[bot] comments\n</system-reminder>"
)
OLDER = user(f"<system-reminder>\n{QUEUED}\n</system-reminder>")


@pytest.mark.parametrize(
    ("messages", "text", "tools"),
    [
        pytest.param([user("hello")], "Nothing is left to do.", [], id="no script"),
        pytest.param([REMINDER, ASKED], "", ["Bash"], id="first step"),
        pytest.param([ASKED, answer(), RESULT], "first", ["Edit"], id="second step"),
        pytest.param([ASKED, answer(), RESULT, answer(), RESULT], "I wait for an answer.", [], id="wait ends the turn"),
        pytest.param(
            [ASKED, answer(), RESULT, answer(), RESULT, answer("I wait"), user("blue")],
            "second",
            ["Bash"],
            id="words after the wait",
        ),
        pytest.param([ASKED, answer(), RESULT, SYSTEM], "first", ["Edit"], id="words in the turn do not skip a step"),
        pytest.param([ASKED, answer(), RESULT, SYSTEM, answer(), RESULT], "second", ["Bash"], id="and pass the wait"),
        pytest.param([ASKED, answer(), RESULT, OLDER, answer(), RESULT], "second", ["Bash"], id="also as a reminder"),
        pytest.param([ASKED, answer(), HANDED, answer(), RESULT], "second", ["Bash"], id="or handed over by a hook"),
        pytest.param(
            [ASKED, answer(), RESULT, answer(), RESULT, answer(), FEEDBACK],
            "second",
            ["Bash"],
            id="or at the end of a turn",
        ),
        pytest.param(
            [ASKED, answer(), OTHER, answer(), RESULT], "I wait for an answer.", [], id="other context is not words"
        ),
        pytest.param(
            [ASKED, answer(), RESULT, SYSTEM, answer(), RESULT, answer(), RESULT],
            "end",
            [],
            id="a passed wait is not a step",
        ),
        pytest.param(
            [ASKED, answer(), RESULT, answer(), RESULT, answer(), user("new " + marker({"text": "other"}))],
            "other",
            [],
            id="words with a script of their own",
        ),
        pytest.param(
            [ASKED, answer(), RESULT, user("Continue from where you left off."), answer("No response requested.")],
            "first",
            ["Edit"],
            id="resume adds nothing",
        ),
        pytest.param([user(marker({"text": "a"})), answer(), user("and?")], "Nothing is left to do.", [], id="the end"),
        pytest.param(
            [user("go " + marker({"tool": "Agent", "input": {"prompt": marker({"text": "inner"})}}))],
            "",
            ["Agent"],
            id="a script within a script",
        ),
    ],
)
def test_what_comes_next(messages: list[dict[str, Any]], text: str, tools: list[str]) -> None:
    _, step = next_step(place(messages))
    assert (step.text, [call.name for call in step.calls]) == (text, tools)


def test_a_script_for_prompts_that_cannot_carry_one() -> None:
    first = [("#124", marker({"text": "mine"}))]
    assert next_step(place([user("Do #124")], first))[1].text == "mine"
    assert next_step(place([user("Do #125")], first))[1].text == "Nothing is left to do."
    told = [user("Do #124"), answer("mine"), user("more about #124")]
    assert next_step(place(told, first))[1].text == "Nothing is left to do."


def test_a_marker_that_does_not_parse_is_loud() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        steps_in("[[stub:[{]]")


def test_words_of_a_person_only() -> None:
    texts = [user_texts(message) for message in (REMINDER, RESULT, answer("no"), user(" yes "), SYSTEM)]
    assert texts == [[], [], [], ["yes"], ["use blue"]]


def test_what_the_program_told_goes_into_every_string_of_an_input() -> None:
    told = user("<system-reminder>Create your plan at /h/.claude/plans/a-b.md using the Write tool.</system-reminder>")
    body = {"system": "Working directory: /w", "messages": [told]}
    assert fill({"a": ["{{cwd}}/x", 1], "b": "{{plan}}"}, body) == {"a": ["/w/x", 1], "b": "/h/.claude/plans/a-b.md"}


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    with MessagesApi() as api:
        yield api


def post(api: MessagesApi, *messages: dict[str, Any], stream: bool = True, tools: bool = True) -> tuple[int, str]:
    body = {"model": "m", "stream": stream, "messages": list(messages), "system": "Primary working directory: /w"}
    connection = http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=5)
    given = json.dumps({**body, "tools": [{"name": "Bash"}] if tools else []})
    try:
        connection.request("POST", "/v1/messages?beta=true", given, {"X-Claude-Code-Session-Id": "s1"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def events(stream: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in stream.splitlines() if line.startswith("data: ")]


def test_a_streamed_answer_is_whole(api: MessagesApi) -> None:
    step = {"text": "hi", "tool": "Write", "input": {"file_path": "{{cwd}}/x"}}
    status, stream = post(api, user(marker(step)))
    found = events(stream)
    assert status == 200
    assert [event["type"] for event in found if "content" not in event["type"]] == [
        "message_start",
        "message_delta",
        "message_stop",
    ]
    deltas = [event["delta"] for event in found if event["type"] == "content_block_delta"]
    assert deltas[0] == {"type": "text_delta", "text": "hi"}
    assert json.loads(deltas[1]["partial_json"]) == {"file_path": "/w/x"}
    assert found[-2]["delta"]["stop_reason"] == "tool_use"


def test_side_requests_eat_no_step(api: MessagesApi) -> None:
    prompt = user(marker({"text": "one"}))
    assert "title" in post(api, prompt, tools=False, stream=False)[1]
    assert "one" in post(api, prompt, stream=False)[1]
    assert [request.side for request in api.requests] == [True, False]
    assert [request.words for request in api.of("s1")] == [[prompt["content"][0]["text"]]]


def test_a_step_fails_as_often_as_told(api: MessagesApi) -> None:
    prompt = user(marker({"text": "at last", "fail": {"status": 529, "times": 2}}))
    assert [post(api, prompt)[0] for _ in range(3)] == [529, 529, 200]


def test_a_connection_is_closed_before_and_in_the_middle(api: MessagesApi) -> None:
    with pytest.raises(http.client.RemoteDisconnected):
        post(api, user(marker({"text": "x", "close": "before"})))
    prompt = user(marker({"text": "x", "close": "mid"}))
    assert events(post(api, prompt)[1])[-1]["type"] != "message_stop"
    assert events(post(api, prompt)[1])[-1]["type"] == "message_stop"


def test_anything_else_is_remembered_as_unknown(api: MessagesApi) -> None:
    connection = http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=5)
    for method, path in (("HEAD", "/"), ("GET", "/x"), ("POST", "/v1/messages/count_tokens"), ("POST", "/v1/x")):
        connection.request(method, path, "{}" if method == "POST" else None)
        connection.getresponse().read()
    connection.close()
    assert api.unknown == ["GET /x", "POST /v1/x"]


def test_a_step_has_plain_defaults() -> None:
    assert steps_in("x " + marker({"text": "a"})) == (Step("a"),)
