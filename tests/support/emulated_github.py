"""A second GitHub that others wrote: the npm package `emulate`, in front of a bare git repository.

It has REST alone (no GraphQL, no commit statuses, no rulesets) and no git: a proxy tells it of each pushed commit, and
gives its commits the names that git gave them. Merges are made in the bare repository, too.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from support.github_double.refs import Bare
from support.polling import eventually
from support.real_claude import install_cache

VERSION = "0.11.2"
_CACHE = install_cache(os.environ)  # at import: the tests' guard hides the user's environment afterwards
REPO = "/repos/ann/widgets"
TOKENS = {"ann": "test_token_ann", "rob": "test_token_rob"}
SEED = {
    "tokens": {token: {"login": login, "scopes": ["repo", "user"]} for login, token in TOKENS.items()},
    "github": {"users": [{"login": login} for login in TOKENS], "repos": [{"owner": "ann", "name": "widgets"}]},
}


def program() -> Path:
    """The program, installed into the cache when absent; without npm the test is skipped, in CI it fails."""
    prefix = _CACHE / f"emulate-{VERSION}"
    found, said = prefix / "node_modules" / "emulate" / "dist" / "index.js", "npm is not installed"
    if not found.exists() and shutil.which("npm"):
        prefix.mkdir(parents=True, exist_ok=True)
        with (prefix / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            flags = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
            argv = ["npm", "install", *flags, "--prefix", str(prefix), f"emulate@{VERSION}"]
            said = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300).stderr[-500:]
    if not found.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"emulate {VERSION} is not installed: {said}")
    return found


class Emulated:
    """`emulate` and the proxy in front of it. `url`: the API; `log`: what was asked, and the status of the answer."""

    def __init__(self, port: int, bare: Path) -> None:
        self.port, self.refs, self.log = port, Bare(bare), list[tuple[str, str, int]]()
        self.theirs: dict[str, str] = {}  # git's name of a commit -> theirs
        self.known: dict[str, str] = {}  # by branch, the commit that they were told of
        self.newer: dict[str, str] = {}  # a commit that a branch had -> the one that it has now
        self.lock = threading.RLock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def asks(self, method: str, path: str, body: Any = None, login: str = "ann") -> Any:
        """One request to the program itself, as a user or a CI sends it, with git's names of commits."""
        sent = json.dumps(body).encode() if body is not None else None
        status, _, answer = self.pass_on(method, REPO + path, sent, {"Authorization": f"token {TOKENS[login]}"})
        assert status < 300, (method, path, status, answer)
        return json.loads(answer) if answer else None

    def pass_on(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """One request and its answer, with the names of commits translated both ways."""
        with self.lock:
            self.notice_pushes()
            back = {theirs: ours for ours, theirs in self.theirs.items()}
            asked = _translated(body, self.theirs) if body is not None else None
            answer = self._send(method, _translated(path.encode(), self.theirs).decode(), asked, headers)
            if method == "PUT" and path.endswith("/merge") and answer[0] == 200:
                self._merged(path.split("/")[-2], json.loads(answer[2])["sha"])
                back = {theirs: ours for ours, theirs in self.theirs.items()}
            self.log.append((method, path, answer[0]))
            said = _translated(answer[2], back)
            # Its pull requests keep the head that they were opened with.
            return answer[0], answer[1], _translated(said, self.newer) if "/pulls" in path else said

    def notice_pushes(self) -> None:
        """Tell it of every branch that git has moved."""
        for branch, sha in self.refs.heads().items():
            if self.known.get(branch) == sha:
                continue
            if sha not in self.theirs:
                (tip, *_) = self._own("GET", "/commits")
                tree = {"message": f"commit {sha}", "tree": tip["commit"]["tree"]["sha"], "parents": [tip["sha"]]}
                self.theirs[sha] = self._own("POST", "/git/commits", tree)["sha"]
            there = {"sha": self.theirs[sha], "force": True}
            if branch in self.known or branch == "main":
                self._own("PATCH", f"/git/refs/heads/{branch}", there)
            else:
                self._own("POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": self.theirs[sha]})
            if before := self.known.get(branch):
                self.newer = {old: sha if new == before else new for old, new in self.newer.items()} | {before: sha}
            self.known[branch] = sha

    def _merged(self, number: str, theirs: str) -> None:
        head = next(
            ours for ours, its in self.theirs.items() if its == self._own("GET", f"/pulls/{number}")["head"]["sha"]
        )
        made = self.refs.merge("main", self.newer.get(head, head), f"Merge #{number}", squash=True)
        self.theirs[made], self.known["main"] = theirs, made

    def _own(self, method: str, path: str, body: Any = None) -> Any:
        sent = json.dumps(body).encode() if body is not None else None
        status, _, answer = self._send(method, REPO + path, sent, {"Authorization": f"token {TOKENS['ann']}"})
        assert status < 300, (method, path, status, answer)
        return json.loads(answer)

    def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.status, dict(reply.headers), reply.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, dict(refused.headers), refused.read()


def _translated(text: bytes, names: dict[str, str]) -> bytes:
    for old, new in names.items():
        text = text.replace(old.encode(), new.encode())
    return text


def _handler(emulated: Emulated) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """The log is `Emulated.log`."""

        def serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            kept = ("authorization", "accept", "content-type", "if-none-match")
            headers = {name: value for name, value in self.headers.items() if name.lower() in kept}
            body = self.rfile.read(length) if length else None
            status, found, answer = emulated.pass_on(self.command, self.path, body, headers)
            self.send_response(status)
            for name, value in found.items():
                if name.lower() in ("content-type", "link", "etag", "location") or name.lower().startswith("x-"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve  # noqa: N815

    return Handler


@contextlib.contextmanager
def emulated_github(found: Path, bare: Path, place: Path) -> Iterator[Emulated]:
    """The program `found`, running on the branches of a bare repository."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (place / "seed.yaml").write_text(json.dumps(SEED))  # JSON is YAML
    argv = ["node", str(found), "start", "--service", "github", "--port", str(port), "--seed", str(place / "seed.yaml")]
    with (place / "emulate.log").open("wb") as said:
        process = subprocess.Popen(argv, stdout=said, stderr=said)
    try:
        eventually(lambda: _answers(port), 60, "emulate to answer")
        emulated = Emulated(port, bare)
        thread = threading.Thread(target=emulated.server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield emulated
        emulated.server.shutdown()
        emulated.server.server_close()
        thread.join()
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
