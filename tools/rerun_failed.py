"""Run the tests that failed in the last run once more, alone, and say which ones needed it.

Journeys wait for real programs on a machine that others share, so a failure may say nothing. Many failures do say
something: with more than three the run has failed, whatever a second try would bring.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

MOST = 3
LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")


def failed(cache: Path = LAST_FAILED) -> list[str]:
    """The ids of the tests that failed in the last run; none when there was no run."""
    try:
        return sorted(json.loads(cache.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []


def main(most: int = MOST) -> int:
    """Print the tests, run them again unless there are too many; 0 only when each passes now."""
    ids = failed()
    print(f"{len(ids)} tests need a second run (at most {most} may):", *ids, sep="\n  ", flush=True)
    if not 0 < len(ids) <= most:
        return 1
    code = subprocess.run([sys.executable, "-m", "pytest", "-n", "0", *ids], check=False).returncode
    print(f"{len(ids)} tests were run twice: {'all pass now' if code == 0 else 'not all pass'}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
