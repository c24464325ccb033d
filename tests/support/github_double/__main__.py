"""`python -m github_double [--bare PATH]` (from `tests/`): prints address and token as JSON, serves until stopped."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from support.github_double import Bare, Double


def main() -> None:
    parser = argparse.ArgumentParser(prog="github_double", description=__doc__)
    parser.add_argument("--owner", default="acme")
    parser.add_argument("--repo", default="widgets")
    parser.add_argument("--bare", type=Path, help="a bare repository whose branches are the branches")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    bare = Bare(given.bare) if given.bare else None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Double(given.owner, given.repo, bare, port=given.port) as double:
        print(json.dumps({"url": double.url, "token": double.token}), flush=True)
        double.thread.join()


if __name__ == "__main__":
    main()
