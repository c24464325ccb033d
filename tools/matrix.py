"""Run the tmux part of the tests with several versions of tmux, and print what fails by version.

    tools/matrix.py                 every version that can be had, all groups
    tools/matrix.py oldest newest   these versions: names, or `oldest` and `newest` (release)
    tools/matrix.py --group server  one group only

Versions come from TMUX_SOURCES: a directory with tmux-VERSION.tar.gz (or .xz), or the word `apt` for the source package
of the distribution. Each is built once into .cache/tmux/VERSION. The installed tmux is always one of the versions.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "tmux"
TOOLS = ("cc", "make", "pkg-config", "bison")
BUILD_NEEDS = "gcc make autoconf automake pkg-config bison libevent-dev libncurses-dev xz-utils"

# What each group of tests covers, by file.
GROUPS = {
    "server": ("integration/test_tmux.py", "integration/test_borders.py"),
    "guest": ("journeys/test_guest.py",),
    "keys": ("journeys/test_keys.py", "journeys/test_popups.py"),
    "board": ("journeys/test_board.py",),
    "layouts": ("journeys/test_layout_change.py", "journeys/test_titles.py", "journeys/test_pane_log.py"),
    "user": ("journeys/test_user_environments.py", "journeys/test_recipes.py"),
    "stories": ("journeys/test_journeys.py", "journeys/test_delivery.py", "journeys/test_recovery.py"),
}


class Built(NamedTuple):
    """A tmux that can be tested; `program` is its path."""

    version: str
    program: Path


class Result(NamedTuple):
    """What one version did in one group."""

    passed: int
    skipped: int
    failed: tuple[str, ...]


def main() -> int:
    """Returns the exit status: 1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="*", metavar="VERSION")
    parser.add_argument("--group", action="append", choices=GROUPS, default=[])
    asked = parser.parse_args()
    there = [*found_installed(), *build_all(os.environ.get("TMUX_SOURCES", ""))]
    chosen = choose(there, asked.versions)
    for missing in [one for one in asked.versions if one not in ("oldest", "newest") and one not in versions(chosen)]:
        print(f"skipped: no tmux {missing}; say where its sources are: TMUX_SOURCES=DIR")
    if asked.versions and not chosen:
        print("skipped: no other tmux than the installed one; say where sources are: TMUX_SOURCES=DIR or =apt")
        return 0
    groups = asked.group or list(GROUPS)
    results = {one.version: {group: run(one, GROUPS[group]) for group in groups} for one in chosen}
    print(table(results, groups))
    return int(any(result.failed for row in results.values() for result in row.values()))


def versions(built: Iterable[Built]) -> list[str]:
    """Their names."""
    return [one.version for one in built]


def choose(there: Sequence[Built], wanted: Sequence[str]) -> list[Built]:
    """The wanted ones in order of age; `oldest` and `newest` are releases beside the installed one."""
    unique = {one.version: one for one in reversed(there)}
    ordered = sorted(unique.values(), key=age)
    if not wanted:
        return ordered
    others = [one for one in ordered if is_release(one) and one not in there[:1]]
    named = {"oldest": others[:1], "newest": others[-1:]}
    found = [one for want in wanted for one in named.get(want, [one for one in ordered if one.version == want])]
    return sorted(set(found), key=age)


def is_release(built: Built) -> bool:
    """A release has numbers and perhaps a letter; a snapshot of the sources has a name."""
    return re.fullmatch(r"\d+\.\d+[a-z]?", built.version) is not None


def age(built: Built) -> tuple[int, int, str]:
    """Sorts releases by number, snapshots after all of them."""
    found = re.fullmatch(r"(\d+)\.(\d+)([a-z]?)", built.version)
    return (int(found[1]), int(found[2]), found[3]) if found else (999, 0, built.version)


def found_installed() -> list[Built]:
    """The tmux on PATH."""
    program = shutil.which("tmux")
    if program is None:
        return []
    said = subprocess.run([program, "-V"], capture_output=True, text=True, check=False).stdout.split()
    return [Built(said[-1], Path(program))] if said else []


def build_all(sources: str) -> list[Built]:
    """Every version of which there are sources."""
    if not sources:
        return []
    if lacking := [tool for tool in TOOLS if shutil.which(tool) is None]:
        print(f"skipped: to build tmux, {', '.join(lacking)} is missing: apt-get install {BUILD_NEEDS}")
        return []
    with tempfile.TemporaryDirectory(prefix="tmux-source-") as scratch:
        archives = from_apt(Path(scratch)) if sources == "apt" else sorted(Path(sources).glob("tmux-*.tar.*"))
        if not archives:
            print(f"skipped: there is no tmux-VERSION.tar.* in {sources}")
        return [made for archive in archives if (made := build(archive)) is not None]


def from_apt(scratch: Path) -> list[Path]:
    """The archive of the distribution's source package."""
    got = subprocess.run(["apt-get", "source", "--download-only", "-qq", "tmux"], cwd=scratch, check=False)
    found = sorted(scratch.glob("tmux_*.orig.tar.*[!c]")) if got.returncode == 0 else []
    return [one.rename(scratch / re.sub(r"^tmux_(.+)\.orig", r"tmux-\1", one.name)) for one in found]


def build(archive: Path) -> Built | None:
    """One version, built once."""
    version = re.sub(r"^tmux-(.+)\.tar\..*$", r"\1", archive.name)
    program = CACHE / version / "bin" / "tmux"
    if not program.exists():
        print(f"building tmux {version}", flush=True)
        with tempfile.TemporaryDirectory(prefix="tmux-build-") as scratch:
            with tarfile.open(archive) as packed:
                packed.extractall(scratch, filter="data")
            (top,) = Path(scratch).iterdir()
            log = compile_in(top)
            if log:
                print(f"skipped: tmux {version} does not build:\n{log[-2000:]}")
                return None
            program.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(top / "tmux", program)
    return Built(version, program)


def compile_in(top: Path) -> str:
    """Build in an unpacked tree; returns the log of a failure."""
    steps = [["sh", "autogen.sh"]] if not (top / "configure").exists() else []
    steps += [["./configure", "-q", "--disable-utf8proc", "--disable-dependency-tracking"], ["make", "-s", "tmux"]]
    for step in steps:
        done = subprocess.run(
            step,
            cwd=top,
            env={**os.environ, "CFLAGS": "-O1 -w"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            return done.stdout
    return ""


def run(built: Built, files: Sequence[str]) -> Result:
    """The tests of these files with this tmux first on PATH; terminals are drawn by the installed one."""
    with tempfile.TemporaryDirectory(prefix="matrix-") as scratch:
        place, report = Path(scratch) / "bin", Path(scratch) / "report.xml"
        place.mkdir()
        (place / "tmux").symlink_to(built.program)
        environ = {**os.environ, "PATH": f"{place}:{os.environ['PATH']}"}
        environ["ORCHESTRA_TEST_TERMINAL"] = shutil.which("tmux") or "tmux"
        paths = [str(ROOT / "tests" / name) for name in files]
        argv = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "2",
            "-p",
            "no:cacheprovider",
            "-m",
            "not real and not nightly",
        ]
        print(f"tmux {built.version}: {' '.join(files)}", flush=True)
        log = subprocess.run(
            [*argv, f"--junitxml={report}", *paths], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
        ).stdout
        result = read(report) if report.exists() else Result(0, 0, ("the tests did not run",))
        if result.failed:
            print(log[-6000:])
        return result


def read(report: Path) -> Result:
    """What a JUnit report says."""
    cases = list(ET.parse(report).getroot().iter("testcase"))
    bad = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = sum(case.find("skipped") is not None for case in cases)
    names = tuple(f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}" for case in bad)
    return Result(len(cases) - len(bad) - skipped, skipped, names)


def table(results: Mapping[str, Mapping[str, Result]], groups: Sequence[str]) -> str:
    """Versions by groups: what failed of what ran; then the names."""
    wide = max(len(version) for version in results) + 2
    lines = ["failed of run, by version of tmux", "".join([" " * wide, *(f"{group:>10}" for group in groups)])]
    for version, row in results.items():
        cells = (f"{len(row[group].failed)}/{row[group].passed + len(row[group].failed)}" for group in groups)
        lines.append("".join([f"{version:<{wide}}", *(f"{cell:>10}" for cell in cells)]))
    for version, row in results.items():
        lines += [f"tmux {version} failed: {name}" for group in groups for name in row[group].failed]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
