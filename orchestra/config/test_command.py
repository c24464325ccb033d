"""Which command a repository's own files name for its tests."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

from orchestra.storage.files import read_text

# The file, what it must hold, and the command. The project's own word (a Makefile, a script) before its language's.
_NAMED = (
    ("Makefile", r"(?m)^test\s*:(?!=)", "make test"),
    ("makefile", r"(?m)^test\s*:(?!=)", "make test"),
    ("GNUmakefile", r"(?m)^test\s*:(?!=)", "make test"),
    ("Makefile", r"(?m)^check\s*:(?!=)", "make check"),
    ("justfile", r"(?m)^test\b[^:\n]*:(?!=)", "just test"),
    ("package.json", "", ""),  # see `_script`
    ("noxfile.py", "", "nox"),
    ("tox.ini", r"\[tox\]|\[testenv", "tox"),
    ("pytest.ini", "", "python -m pytest"),
    ("pyproject.toml", "pytest", "python -m pytest"),
    ("Cargo.toml", "", "cargo test"),
    ("go.mod", "", "go test ./..."),
    ("deno.json", "", "deno test"),
    ("gradlew", "", "./gradlew test"),
    ("build.gradle", "", "gradle test"),
    ("mvnw", "", "./mvnw test"),
    ("pom.xml", "", "mvn test"),
    ("mix.exs", "", "mix test"),
    (".rspec", "", "bundle exec rspec"),
    ("Rakefile", r"(?i)test", "rake test"),
    ("composer.json", "phpunit", "vendor/bin/phpunit"),
    ("Package.swift", "", "swift test"),
)
_RUNNERS = (("uv.lock", "uv run "), ("poetry.lock", "poetry run "), ("pdm.lock", "pdm run "))
_SCRIPTS = (("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun run"), ("bun.lockb", "bun run"))


def find_test_command(root: str) -> tuple[str, str]:
    """The command and the file that names it; two empty texts when none does."""
    return next(_all(root), ("", ""))


def _all(root: str) -> Iterator[tuple[str, str]]:
    for name, wanted, command in _NAMED:
        text = _text(root, name)
        if text is not None and re.search(wanted, text):
            fits = _script(root, text) if name == "package.json" else _pytest(root) if "pytest" in command else command
            if fits:
                yield fits, name


def _pytest(root: str) -> str:
    return next((runner + "pytest" for lock, runner in _RUNNERS if _is_there(root, lock)), "python -m pytest")


def _script(root: str, text: str) -> str:
    """`npm test` when package.json has a test of its own; npm's own `init` writes one that always fails."""
    try:
        script = json.loads(text)["scripts"]["test"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    if not isinstance(script, str) or not script.strip() or "no test specified" in script:
        return ""
    return next((program for lock, program in _SCRIPTS if _is_there(root, lock)), "npm") + " test"


def _is_there(root: str, name: str) -> bool:
    return os.path.isfile(os.path.join(root, name))


def _text(root: str, name: str) -> str | None:
    try:
        return read_text(os.path.join(root, name), most=1024 * 1024)
    except OSError:
        return None
