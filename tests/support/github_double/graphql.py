"""A little of GitHub's GraphQL: queries with variables, aliases and arguments, over the pull requests of the double."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from support.github_double.records import Pull, Thread
from support.github_double.state import State

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\.\.\.|[!$():=@\[\]{}|]|-?\d+|\w+|#[^\n]*|\s+|,')


class Field(NamedTuple):
    """`alias: name(arguments) { fields }`."""

    alias: str
    name: str
    arguments: dict[str, Any]
    fields: list[Field]


class Bad(Exception):
    """What GitHub would put in `errors`."""


def answer(state: State, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    """`{"data": ...}` or `{"errors": ...}`; a pull request that is not there is null, with an error beside it."""
    errors: list[dict[str, Any]] = []
    try:
        fields = Parser(query, variables).document()
        data = _select(_root(state), fields, [], errors)
    except Bad as error:
        return {"errors": [{"message": str(error)}]}
    return {"data": data, **({"errors": errors} if errors else {})}


class Parser:
    """One query or mutation; fragments and directives are refused, not guessed."""

    def __init__(self, text: str, variables: dict[str, Any]) -> None:
        tokens: list[str] = TOKEN.findall(text)
        self.tokens = [token for token in tokens if token.strip() not in ("", ",") and token[0] != "#"]
        self.variables = variables
        if "..." in self.tokens or "@" in self.tokens:
            raise Bad("the double knows no fragments and no directives")

    def next(self, expected: str = "") -> str:
        if not self.tokens or (expected and self.tokens[0] != expected):
            raise Bad(f"Expected {expected or 'more'}, actual: {(self.tokens or ['end'])[0]}")
        return self.tokens.pop(0)

    def document(self) -> list[Field]:
        while self.tokens and self.tokens[0] != "{":  # `query Name($owner: String!, ...)`
            self.next()
        return self.selection()

    def selection(self) -> list[Field]:
        self.next("{")
        fields = []
        while self.tokens and self.tokens[0] != "}":
            alias = name = self.next()
            if self.tokens[0] == ":":
                self.next()
                name = self.next()
            arguments = self.arguments() if self.tokens[0] == "(" else {}
            fields.append(Field(alias, name, arguments, self.selection() if self.tokens[0] == "{" else []))
        self.next("}")
        return fields

    def arguments(self) -> dict[str, Any]:
        self.next("(")
        found = {}
        while self.tokens[0] != ")":
            name = self.next()
            self.next(":")
            found[name] = self.value()
        self.next(")")
        return found

    def value(self) -> Any:
        token = self.next()
        if token == "$":
            name = self.next()
            if name not in self.variables:
                raise Bad(f"Variable ${name} is used but not given")
            return self.variables[name]
        if token == "[":
            values = []
            while self.tokens[0] != "]":
                values.append(self.value())
            self.next("]")
            return values
        literal = token[0] == '"' or re.fullmatch(r"-?\d+|true|false|null", token)
        return json.loads(token) if literal else token


Resolver = Callable[[dict[str, Any]], Any]


def _select(node: Any, fields: list[Field], path: list[Any], errors: list[dict[str, Any]]) -> Any:
    if isinstance(node, list):
        return [_select(one, fields, [*path, i], errors) for i, one in enumerate(node)]
    if node is None or not fields:
        if isinstance(node, dict):
            raise Bad(f"Field {path[-1]!r} must have a selection of subfields")
        return node
    chosen = {}
    for field in fields:
        here = [*path, field.alias]
        if field.name not in node:
            raise Bad(f"Field '{field.name}' doesn't exist on {'.'.join(map(str, path)) or 'Query'}")
        value = node[field.name]
        if callable(value):
            value = value(field.arguments)
            if value is None:
                errors.append({"type": "NOT_FOUND", "path": here, "message": f"Could not resolve {field.arguments}."})
        chosen[field.alias] = _select(value, field.fields, here, errors)
    return chosen


def _root(state: State) -> dict[str, Any]:
    def repository(arguments: dict[str, Any]) -> dict[str, Any] | None:
        mine = (arguments.get("owner"), arguments.get("name")) == (state.owner, state.repo)
        return {"pullRequest": one, "pullRequests": many} if mine else None

    def one(arguments: dict[str, Any]) -> dict[str, Any] | None:
        found = state.tickets.get(arguments["number"])
        return _pull(state, found) if isinstance(found, Pull) else None

    def many(arguments: dict[str, Any]) -> dict[str, Any]:
        wanted = arguments.get("states") or ["OPEN", "CLOSED", "MERGED"]
        found = [pull for pull in reversed(state.pulls()) if _state(pull) in wanted]
        return _page([_pull(state, pull) for pull in found], arguments)

    return {"repository": repository, "rateLimit": {"cost": 1, "remaining": 4999, "limit": 5000}}


def _state(pull: Pull) -> str:
    return "MERGED" if pull.merged else pull.state.upper()


def _pull(state: State, pull: Pull) -> dict[str, Any]:
    mergeable = {True: "MERGEABLE", False: "CONFLICTING", None: "UNKNOWN"}[state.mergeable(pull)]
    return {
        "number": pull.number, "title": pull.title, "state": _state(pull), "isDraft": pull.draft,
        "headRefName": pull.head, "headRefOid": pull.sha, "baseRefName": pull.base, "mergeable": mergeable,
        "reviewDecision": _decision(pull),
        "reviewThreads": lambda arguments: _page([_thread(thread) for thread in pull.threads], arguments),
    }  # fmt: skip


def _decision(pull: Pull) -> str | None:
    latest = {one.author: one.state for one in pull.reviews if one.state != "COMMENTED"}.values()
    return next((state for state in ("CHANGES_REQUESTED", "APPROVED") if state in latest), None)


def _thread(thread: Thread) -> dict[str, Any]:
    comments = [{"body": one.body, "author": {"login": one.author}} for one in thread.comments]
    return {
        "id": f"PRRT_{thread.id}", "isResolved": thread.resolved, "isOutdated": False, "path": thread.path,
        "line": thread.line, "comments": lambda arguments: _page(comments, arguments),
    }  # fmt: skip


def _page(nodes: list[Any], arguments: dict[str, Any]) -> dict[str, Any]:
    first = arguments.get("first") or arguments.get("last")
    if not isinstance(first, int) or not 1 <= first <= 100:
        raise Bad("You must provide a `first` or `last` value between 1 and 100")
    shown = nodes[-first:] if "last" in arguments else nodes[:first]
    more = {"hasNextPage": len(nodes) > len(shown), "endCursor": str(len(shown))}
    return {"nodes": shown, "totalCount": len(nodes), "pageInfo": more}
