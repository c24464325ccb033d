"""Open one issue about the nightly run with Claude Code, or bring the open one up to date.

    python tools/agent_issue.py LOGS

LOGS is a directory with the output of pytest for each version, `claude-NAME.log`. Asks GitHub through `gh`, whose login
and repository are those of the environment. Prints the address of the issue.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

TITLE = "The nightly run with Claude Code fails"
_RESULTS = ("FAILED ", "ERROR ")
MOST_LINES, MOST_CHARACTERS = 40, 60_000  # GitHub takes 65,536 characters


def failures(log: str) -> list[str]:
    """The lines of pytest's summary that say what failed; of a run that ended without one, its last lines."""
    found = [line for line in log.splitlines() if line.startswith(_RESULTS)]
    if found or " passed" in log.rstrip().rpartition("\n")[2]:
        return found
    return ["the run ended without a summary:", *log.splitlines()[-10:]]


def body(logs: Mapping[str, str], run: str) -> str:
    """The text of the issue: for each version what failed, and where the whole run is."""
    parts = [f"What failed in the last nightly run ({run}). This text is replaced by the next run that fails."]
    for name, log in sorted(logs.items()):
        failed = failures(log)
        parts.append(f"## {name}: {f'{len(failed)} lines' if failed else 'holds'}")
        parts += ["\n".join(f"    {line}" for line in failed[:MOST_LINES])] if failed else []
    parts.append(
        "The lines of `test_self_test.py` say in sentences what does not hold. The same on your machine: "
        "`orchestra doctor --agent`, and `make agent VERSION=latest`."
    )
    return "\n\n".join(parts)[:MOST_CHARACTERS] + "\n"


def report(text: str) -> str:
    """Put the text into the open issue of our title, or into a new one; its address."""
    wanted = ("--state", "open", "--search", f"in:title {TITLE}", "--json", "number,title,url", "--limit", "100")
    open_ones = [one for one in json.loads(_gh("issue", "list", *wanted)) if one["title"] == TITLE]
    if not open_ones:
        return _gh("issue", "create", "--title", TITLE, "--body-file", "-", text=text).strip()
    oldest = min(open_ones, key=lambda one: int(one["number"]))
    _gh("issue", "edit", str(oldest["number"]), "--body-file", "-", text=text)
    return str(oldest["url"])


def _gh(*argv: str, text: str = "") -> str:
    done = subprocess.run(["gh", *argv], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"gh {' '.join(argv[:2])}: {done.stderr.strip()}")
    return done.stdout


def main(directory: str, environ: Mapping[str, str] = os.environ) -> None:
    """Read the logs and report them."""
    logs = {path.stem: path.read_text(errors="replace") for path in sorted(Path(directory).rglob("claude-*.log"))}
    if not logs:
        sys.exit(f"no log claude-*.log in {directory}")
    address = (environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"))
    print(report(body(logs, "{}/{}/actions/runs/{}".format(*address))))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/agent_issue.py LOGS")
    main(sys.argv[1])
