"""A scripted Messages API on loopback: what Claude Code calls, and nothing else."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from orchestra.agents.claude.selftest.script import Step, Trouble, aside, fill, next_step, place, user_texts
from orchestra.core.records import Record


class Request(Record):
    """One recorded request: whose session, whether it was a side request (no tools), the body, and when it came."""

    session: str
    side: bool
    body: Mapping[str, Any]
    at: float

    @property
    def words(self) -> list[str]:
        """Every user text in it, in order."""
        return [text for message in self.body["messages"] for text in user_texts(message)]


class MessagesApi:
    """`with MessagesApi() as api:` serves until the block ends; `api.url` goes into ANTHROPIC_BASE_URL.

    `requests` holds what came, `unknown` the paths nothing was expected at. `script(needle, marker)` gives a script to
    every conversation whose first prompt contains `needle`, for prompts that cannot carry one.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.unknown: list[str] = []
        self._first: list[tuple[str, str]] = []
        self._troubled: Counter[tuple[str, int, int]] = Counter()
        self._lock = threading.Lock()
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def script(self, needle: str, marker: str) -> None:
        """Give the script in `marker` to every conversation whose first prompt contains `needle`."""
        self._first.append((needle, marker))

    def of(self, session: str) -> list[Request]:
        """The main requests of one session, in order."""
        return [request for request in self.requests if request.session == session and not request.side]

    def answer(self, session: str, body: Mapping[str, Any]) -> tuple[Step, Trouble | None]:
        """What to answer: the step, and the failure to answer with instead while the step has failures left."""
        side = not body.get("tools")
        with self._lock:
            self.requests.append(Request(session, side, body, time.monotonic()))
            if side:
                return Step(aside(body)), None
            at = place(body["messages"], self._first)
            index, step = next_step(at)
            key = (session, hash(repr(at.script)), index)
            self._troubled[key] += 1
            failing = step.trouble if step.trouble and self._troubled[key] <= step.trouble.times else None
        return step, failing


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a program killed in mid answer leaves its connection behind

    def __init__(self, api: MessagesApi) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.api = api

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A worker that is killed closes its connection in mid answer: that is the test, not an error."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Nothing on stderr."""

    def do_HEAD(self) -> None:
        self._send(200, b"")

    def do_GET(self) -> None:
        self.server.api.unknown.append(f"GET {self.path}")
        self._send(404, b"{}")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        path = self.path.partition("?")[0]
        if path == "/v1/messages/count_tokens":  # asked before a long file is read
            self._send(200, json.dumps({"input_tokens": len(json.dumps(body)) // 4}).encode())
            return
        if path != "/v1/messages":
            self.server.api.unknown.append(f"POST {self.path}")
            self._send(404, b"{}")
            return
        step, failing = self.server.api.answer(self.headers.get("X-Claude-Code-Session-Id", ""), body)
        if step.delay:
            threading.Event().wait(step.delay)
        if failing and failing.status:
            self._fail(failing)
        elif failing and failing.close == "before":
            self.close_connection = True
        elif body.get("stream"):
            self._stream(body, step, cut=failing is not None)
        else:
            self._send(200, json.dumps(_message(body, step)).encode())

    def _fail(self, failing: Trouble) -> None:
        error = {"type": "error", "error": {"type": failing.kind, "message": failing.message}}
        self._send(failing.status, json.dumps(error).encode(), failing.headers)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str] = {}) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, body: Mapping[str, Any], step: Step, *, cut: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        events = list(_events(_message(body, step)))
        for event in events[: len(events) // 2] if cut else events:
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
            self.wfile.flush()
        self.close_connection = True


def _message(body: Mapping[str, Any], step: Step) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = [{"type": "text", "text": step.text}] if step.text else []
    for call in step.calls:
        given = fill(dict(call.input), body)
        blocks.append({"type": "tool_use", "id": f"toolu_{uuid.uuid4().hex[:24]}", "name": call.name, "input": given})
    return {
        "id": f"msg_{uuid.uuid4().hex[:24]}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model", "scripted"),
        "content": blocks,
        "stop_reason": "tool_use" if step.calls else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 10},
    }


def _events(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The message as the API streams it, block by block."""
    yield {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            empty, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            empty = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ended = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": ended, "usage": {"output_tokens": 10}}
    yield {"type": "message_stop"}
