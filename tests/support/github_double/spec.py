"""GitHub's own description of its API: checks requests and answers, and fills in what an answer must have."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema

HERE = Path(__file__).parent
FILES = (HERE / "github-openapi-trim.json", HERE / "extra-spec.json")


class Operation(NamedTuple):
    """One method of one path: `template` as the description writes it, the values of its parts, the description."""

    method: str
    template: str
    parts: dict[str, str]
    described: Mapping[str, Any]


class Spec:
    """The description. Build it once (`spec()`): reading it takes some 30 ms."""

    def __init__(self) -> None:
        self.paths: dict[str, Any] = {}
        self.components: dict[str, dict[str, Any]] = {}
        for file in FILES:
            described = json.loads(file.read_text())
            self.paths.update(described["paths"])
            for kind, named in described["components"].items():
                self.components.setdefault(kind, {}).update(named)
        for tree in (self.paths, self.components):
            _json_schema(tree)
        # A literal part beats a variable one: `issues/comments` before `issues/{issue_number}`.
        self.patterns = [(_pattern(path), path) for path in sorted(self.paths, key=lambda path: path.count("{"))]

    def find(self, method: str, path: str) -> Operation | None:
        """The operation that a request asks for, or None."""
        for pattern, template in self.patterns:
            match = pattern.fullmatch(path)
            if match and method.lower() in self.paths[template]:
                return Operation(method.lower(), template, match.groupdict(), self.paths[template][method.lower()])
        return None

    def request_faults(self, operation: Operation, query: Iterable[tuple[str, str]], body: Any) -> list[str]:
        """What is wrong with a request: names, types and enums of its parts and query, and its JSON body."""
        declared = [self._resolved(one) for one in operation.described.get("parameters", [])]
        faults = [
            f"{operation.template}: {one['name']}: {fault}"
            for one in declared
            if one["in"] == "path" and one["name"] in operation.parts
            for fault in self._text_faults(one["schema"], operation.parts[one["name"]])
        ]
        known = {one["name"]: one["schema"] for one in declared if one["in"] == "query"}
        for name, value in query:
            if name not in known:
                faults.append(f"{operation.template} has no query parameter {name}")
            else:
                faults += [f"{operation.template}: {name}: {fault}" for fault in self._text_faults(known[name], value)]
        return faults + self._body_faults(operation, body)

    def response_faults(self, operation: Operation, status: int, body: Any) -> list[str]:
        """What is wrong with an answer of this double."""
        response = self._resolved(operation.described["responses"].get(str(status), {}))
        content = response.get("content", {}).get("application/json")
        return self._schema_faults(content["schema"], body) if content else []

    def shape(self, name: str, /, **given: Any) -> dict[str, Any]:
        """An answer of the schema `name`: every required key, with an empty value where none is `given`."""
        return {**copy.deepcopy(self._empty(name)), **given}

    @cache  # noqa: B019 - there is one description in a process
    def _empty(self, name: str) -> dict[str, Any]:
        schema = self.components["schemas"][name]
        filled: dict[str, Any] = {key: self._fill(schema["properties"][key]) for key in schema.get("required", [])}
        return filled

    def _fill(self, schema: Mapping[str, Any]) -> Any:
        schema = self._resolved(schema)
        kinds = schema.get("type", [])
        if "null" in kinds or {"type": "null"} in schema.get("anyOf", []):
            return None
        if "enum" in schema:
            return schema["enum"][0]
        for choice in ("allOf", "anyOf", "oneOf"):
            if choice in schema:
                return self._fill(schema[choice][0])
        if kinds == "object":
            wanted = schema.get("required", [])
            return {key: self._fill(schema["properties"][key]) for key in wanted if key in schema["properties"]}
        if kinds == "string":
            formats = {"uri": "https://github.com/", "date-time": "2020-01-01T00:00:00Z"}
            return formats.get(schema.get("format", ""), "")
        return {"integer": 0, "number": 0, "boolean": False, "array": []}.get(kinds if isinstance(kinds, str) else "")

    def _resolved(self, node: Any) -> Any:
        while isinstance(node, dict) and "$ref" in node:
            kind, name = node["$ref"].split("/")[2:]
            node = self.components[kind][name]
        return node

    def _text_faults(self, schema: Any, value: str) -> list[str]:
        schema = self._resolved(schema)
        typed: Any = value
        if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", value):
            typed = int(value)
        if schema.get("type") == "boolean" and value in ("true", "false"):
            typed = value == "true"
        return self._schema_faults(schema, typed)

    def _body_faults(self, operation: Operation, body: Any) -> list[str]:
        declared = self._resolved(operation.described.get("requestBody", {}))
        if not declared:
            return [] if body is None else [f"{operation.template} takes no body"]
        schema = self._resolved(declared["content"]["application/json"]["schema"])
        if body is None:
            return [f"{operation.template} wants a body"] if declared.get("required") else []
        faults = self._schema_faults(schema, body)
        if isinstance(body, dict) and "properties" in schema:
            faults += [f"{operation.template}: no such field: {key}" for key in body if key not in schema["properties"]]
        return faults

    def _schema_faults(self, schema: Mapping[str, Any], value: Any) -> list[str]:
        whole = {**schema, "components": self.components}
        errors = jsonschema.Draft202012Validator(whole).iter_errors(value)
        return [f"{error.json_path}: {error.message[:160]}" for error in errors]


@cache
def spec() -> Spec:
    """The one description of this process."""
    return Spec()


def _pattern(path: str) -> re.Pattern[str]:
    # A commit's `ref` may hold slashes, nothing else may.
    escaped = re.sub(r"\\\{(\w+)\\\}", lambda m: f"(?P<{m[1]}>{'.+' if m[1] == 'ref' else '[^/]+'})", re.escape(path))
    return re.compile(escaped)


def _json_schema(node: Any) -> None:
    """OpenAPI 3.0's `nullable`, in place, in the words of JSON Schema."""
    if isinstance(node, list):
        for one in node:
            _json_schema(one)
    if not isinstance(node, dict):
        return
    for one in node.values():
        _json_schema(one)
    if node.get("nullable") is True:
        del node["nullable"]
        if "enum" in node:
            node["enum"] = [*node["enum"], None]
        if "type" in node:
            node["type"] = [node["type"], "null"]
        elif "$ref" not in node:
            choices = next(node.pop(word) for word in ("anyOf", "oneOf", "allOf") if word in node)
            node["anyOf"] = [*choices, {"type": "null"}]
