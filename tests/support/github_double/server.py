"""The double itself: HTTP in front of the state. `with Double() as github: github.url`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from support.github_double.faults import Fault, Reply, Switched, exhausted, instead, json_reply, refusal, spoilt
from support.github_double.records import Refused
from support.github_double.refs import Refs
from support.github_double.routes import ROUTES, Answer, Asked
from support.github_double.spec import Operation, spec
from support.github_double.state import State
from support.github_double.views import Views

PARTS = {
    "checks": "/check-", "statuses": "/status", "actions": "/actions/", "issues": "/issues", "graphql": "/graphql",
    "permissions": "/collaborators/",
}  # fmt: skip


class Request(NamedTuple):
    """One line of the log. `conditional`: it carried If-None-Match; `authorized`: it carried a token."""

    method: str
    path: str
    query: str
    status: int
    conditional: bool
    authorized: bool


class Double(State):
    """A GitHub with one repository, on a port of its own.

    `requests` is the log; `violations` what clients asked against GitHub's description (a test must find it empty).
    """

    def __init__(
        self,
        owner: str = "acme",
        repo: str = "widgets",
        bare: Refs | None = None,
        web: str = "https://github.com",
        port: int = 0,
    ) -> None:
        super().__init__(owner, repo, bare)
        self.token = f"ghp_double{secrets.token_hex(8)}"  # one that no other test has in its processes
        self.tokens = {self.token: "ann"}
        self.read_only: set[str] = set()
        self.former_names: set[str] = set()
        self.hidden: dict[str, set[str]] = {}  # token -> parts it may not see: checks, statuses, actions, graphql
        self.sso: set[str] = set()  # tokens that are not authorised for the organisation
        self.expiring: dict[str, float] = {}  # tokens, and when they end
        self.faults: list[Switched] = []
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self.moved_to = ""
        self.check_answers = False
        self.limit, self.remaining, self.reset = 5000, 5000, int(time.time()) + 1800
        self.stopped = threading.Event()
        self.connections: set[socket.socket] = set()
        self.server = _Server(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.views = Views(self, self.url, web)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped.set()
        self.server.shutdown()
        for connection in list(self.connections):  # kept alive by clients
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server.server_close()
        self.thread.join()

    def fault(self, fault: Fault | str, path: str = "", method: str = "") -> None:
        """Switch a fault on for paths that hold `path`, until `clear_faults`."""
        self.faults.append(Switched(Fault(fault), path, method))

    def clear_faults(self) -> None:
        """Switch all faults off."""
        self.faults.clear()

    def asked(self, method: str = "", path: str = "") -> list[Request]:
        """The part of the log that matches."""
        return [one for one in self.requests if method in ("", one.method) and path in one.path]

    def reply(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        """One request -> one reply, logged."""
        path, query = urlsplit(target).path.removeprefix("/api/v3"), urlsplit(target).query
        with self.lock:
            reply = self._reply(method, path, query, headers, body)
            self.remaining -= reply.status != 304
            conditional, authorized = "if-none-match" in headers, "authorization" in headers
            self.requests.append(Request(method, path, query, reply.status, conditional, authorized))
        limits = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.remaining)),
            "X-RateLimit-Reset": str(self.reset),
            "X-RateLimit-Resource": "core",
        }
        if (scopes := self.scopes.get(headers.get("authorization", "").partition(" ")[2])) is not None:
            limits["X-OAuth-Scopes"] = scopes
        if ends := self.expiring.get(headers.get("authorization", "").partition(" ")[2]):
            stamp = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(ends))
            limits["GitHub-Authentication-Token-Expiration"] = stamp
        return reply._replace(headers={**limits, **reply.headers})

    def _reply(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Reply:
        fault = next((one.fault for one in self.faults if one.meets(method, path)), None)
        refused = instead(fault, self.reset, path, method, self.moved_to) if fault else None
        former = any(f"{path.lower()}/".startswith(f"/repos/{name}/".lower()) for name in self.former_names)
        refused = refused or (instead(Fault.MOVED, self.reset, path, method) if former else None)
        refused = refused or (exhausted(self.reset) if self.remaining <= 0 else None)
        refused = refused or self._unwelcome(method, path, headers.get("authorization", ""))
        if refused:
            return refused
        path = re.sub(r"^/repositories/1296269(?=/|$)", f"/repos/{self.owner}/{self.repo}", path)
        reply = self._answer(method, path, query, headers, body)
        return spoilt(fault, reply) if fault else reply

    def _unwelcome(self, method: str, path: str, authorization: str) -> Reply | None:
        if path.startswith("/_logs/"):
            return None  # on GitHub the address itself is signed
        token = authorization.partition(" ")[2]
        if authorization and token not in self.tokens:
            return refusal(401, "Bad credentials")
        if not authorization:  # the repository is private
            return refusal(404, "Not Found") if method == "GET" else refusal(401, "Requires authentication")
        if token in self.sso:
            url = f"https://github.com/orgs/{self.owner}/sso?authorization_request=A1"
            message = "Resource protected by organization SAML enforcement. You must grant your token access."
            return refusal(403, message, {"X-GitHub-SSO": f"required; url={url}"})
        part = next((part for part in self.hidden.get(token, ()) if PARTS[part] in path), None)
        if part:
            needs = {"X-Accepted-GitHub-Permissions": f"{part}=read"}
            return refusal(403, "Resource not accessible by personal access token", needs)
        if self.archived and method != "GET" and path != "/graphql":
            return refusal(403, "Repository was archived so is read-only.")
        if self.tokens[token] in self.readers and method != "GET" and path != "/graphql":
            return (
                refusal(403, "Must have admin rights to Repository.") if "/git/" in path else refusal(404, "Not Found")
            )
        if token in self.read_only and method != "GET" and path != "/graphql":
            return refusal(403, "Resource not accessible by personal access token")
        return None

    def _answer(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Reply:
        if path.startswith("/_logs/"):
            jobs = [job for run in self.runs for job in run.jobs]
            texts = [job.log for job in jobs if str(job.id) == path.removeprefix("/_logs/")]
            return Reply(200, {"Content-Type": "text/plain; charset=utf-8"}, "".join(texts).encode())
        operation = spec().find(method, "/graphql" if path == "/api/graphql" else path)
        pairs = parse_qsl(query, keep_blank_values=True)
        sent, faults = _decoded(body)
        faults += spec().request_faults(operation, pairs, sent) if operation else [f"no operation {method} {path}"]
        if not faults and operation and (operation.method, operation.template) not in ROUTES:
            faults = [f"the double does not know {method} {operation.template}"]
        if faults or operation is None:
            self.violations += faults
            return refusal(500, f"the double says: {'; '.join(faults)}")
        try:
            answer = self._routed(operation, dict(pairs), sent or {}, headers)
        except Refused as refused:
            return refusal(refused.status, refused.message, errors=refused.errors)
        if self.check_answers and answer.status < 300:
            self.violations += spec().response_faults(operation, answer.status, answer.body)
        return self._paged(answer, path, dict(pairs), headers)

    def _routed(self, operation: Operation, query: dict[str, str], body: Any, headers: dict[str, str]) -> Answer:
        parts = operation.parts
        mine = (self.owner.lower(), self.repo.lower())
        if "owner" in parts and (parts["owner"].lower(), parts["repo"].lower()) != mine:
            forked = parts["owner"] in self.forks and operation.template == "/repos/{owner}/{repo}"
            if not forked or operation.method != "get":
                raise Refused(404, "Not Found")
            login = self.tokens[headers["authorization"].partition(" ")[2]]
            return Answer(200, self.views.fork(parts["owner"], login))
        self.notice_pushes()
        token = headers["authorization"].partition(" ")[2]
        asked = Asked(parts, query, body, self.tokens[token], self, self.views, frozenset(self.hidden.get(token, ())))
        return ROUTES[operation.method, operation.template](asked)

    def _paged(self, answer: Answer, path: str, query: dict[str, str], headers: dict[str, str]) -> Reply:
        extra = dict(answer.headers)
        body = answer.body
        if answer.page is not None:
            size, page = min(int(query.get("per_page", 30)), 100), int(query.get("page", 1))
            rows = body[answer.page] if answer.page else body
            shown = rows[(page - 1) * size : page * size]
            body = {**body, answer.page: shown} if answer.page else shown
            if len(rows) > page * size:
                more = {"next": page + 1, "last": -(-len(rows) // size)}
                links = {rel: f"{self.url}{path}?{urlencode({**query, 'page': n})}" for rel, n in more.items()}
                extra["Link"] = ", ".join(f'<{link}>; rel="{rel}"' for rel, link in links.items())
        reply = json_reply(answer.status, body, extra)
        if answer.status != 200 or path == "/graphql":
            return reply
        # GitHub's ETags are bound to the token (github/docs#34689).
        salted = reply.body + headers.get("authorization", "").encode()
        etag = f'W/"{hashlib.sha256(salted).hexdigest()}"'
        if headers.get("if-none-match") == etag:
            return Reply(304, {"ETag": etag}, b"")
        return reply._replace(headers={**reply.headers, "ETag": etag})


def _decoded(body: bytes) -> tuple[Any, list[str]]:
    try:
        return (json.loads(body) if body else None), []
    except ValueError:
        return None, ["the body is not JSON"]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], double: Double) -> None:
        self.double = double
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.double.connections.add(self.connection)

    def finish(self) -> None:
        self.server.double.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """The log is `Double.requests`."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        double = self.server.double
        path = urlsplit(self.path).path
        if path.startswith("/_double/"):
            from support.github_double.control import controlled

            self._send(controlled(double, path.removeprefix("/_double/"), body))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            reply = double.reply(self.command, self.path, headers, body)
        except Exception as error:  # a fault of the double must fail the test, not look like GitHub's
            double.violations.append(f"the double broke at {self.command} {self.path}: {error!r}")
            raise
        self._send(reply)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815

    def _send(self, reply: Reply) -> None:
        if reply.silent is Fault.HANG:
            self.server.double.stopped.wait(60)
        if reply.silent:
            if reply.silent is Fault.RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status not in (204, 304):
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if reply.cut:
            self.wfile.write(reply.body[: len(reply.body) // 2])
            self.close_connection = True
        elif reply.status not in (204, 304):
            self.wfile.write(reply.body)
