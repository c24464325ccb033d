"""Build a release and prove that it installs and runs from its files alone: `make release`.

    tools/release.py            check, build into dist/, install in three ways, run the demo, uninstall, SHA256SUMS
    tools/release.py --tag v1.2.3   also: the tag says the version

Nothing outside dist/ and a temporary directory is written.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from package_files import formula

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
NAME = "orchestra-workers"
SHARED = (
    "share/man/man1/orchestra.1",
    "share/bash-completion/completions/orchestra",
    "share/zsh/site-functions/_orchestra",
    "share/fish/vendor_completions.d/orchestra.fish",
)
COMMANDS = ("orchestra", "orchestra-hook", "orchestra-workers")


def main() -> int:
    """Returns the exit status: 1 with one sentence for everything that is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tag", default="", help="the tag that is to be released")
    parser.add_argument(
        "--repository",
        default=os.environ.get("GITHUB_REPOSITORY", ""),
        metavar="OWNER/NAME",
        help="where the release will be on GitHub, for the Homebrew formula",
    )
    asked = parser.parse_args()
    wrong = [*faults_of_version(version(), (ROOT / "CHANGELOG.md").read_text(), asked.tag)]
    if not wrong:
        with tempfile.TemporaryDirectory(prefix="release-") as scratch:
            wheel, source = build(Path(scratch))
            wrong = [*faults_of_contents(names_in_wheel(wheel), names_in_source(source), shipped())]
            for way in (by_pip, by_uv, by_pipx) if not wrong else ():
                wrong += [f"{way.__name__.removeprefix('by_')}: {fault}" for fault in way(Path(scratch), wheel)]
            (DIST / "SHA256SUMS").write_text(sums([wheel, source]))
            (DIST / f"{NAME}.rb").write_text(formula(address(source, asked.repository), digest(source)))
    for fault in wrong:
        print(fault, file=sys.stderr)
    if not wrong:
        print(f"dist/ has release {version()}: " + ", ".join(sorted(path.name for path in DIST.iterdir())))
    return int(bool(wrong))


def version() -> str:
    """From the one place that has it."""
    found = re.search(r'^__version__ = "(.+)"$', (ROOT / "orchestra" / "__init__.py").read_text(), re.MULTILINE)
    return found[1] if found else ""


def faults_of_version(number: str, changelog: str, tag: str) -> Iterator[str]:
    """What keeps this version from being released."""
    if re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", number) is None:
        yield f"orchestra/__init__.py has no version: {number!r}"
    if tag and tag != f"v{number}":
        yield f"the tag is {tag}, the version {number}"
    entry = re.search(rf"^## \[{re.escape(number)}\][^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if entry is None or "- " not in entry[1]:
        yield f"CHANGELOG.md says nothing of {number}"


def faults_of_contents(wheel: Sequence[str], source: Sequence[str], wanted: Sequence[str]) -> Iterator[str]:
    """What is missing in the files, and what should not be in them."""
    yield from (f"the wheel lacks {name}" for name in sorted(set(wanted) - set(wheel)))
    tops = {name.split("/")[0] for name in wheel}
    yield from (
        f"the wheel has {top}"
        for top in sorted(tops)
        if top != "orchestra" and not top.endswith((".dist-info", ".data"))
    )
    shared = {name.partition(".data/data/")[2] for name in wheel}
    yield from (f"the wheel lacks {name}" for name in SHARED if name not in shared)
    needed = ("pyproject.toml", "Makefile", "LICENSE", "CHANGELOG.md", "README.md", "layouts/default.yaml")
    yield from (f"the source archive lacks {name}" for name in needed if name not in source)


def shipped() -> list[str]:
    """The files of the package, and those that are put into it."""
    listed = subprocess.run(
        ["git", "ls-files", "orchestra", "layouts", "prompts"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    return [name if name.startswith("orchestra/") else f"orchestra/{name}" for name in listed]


def names_in_wheel(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def names_in_source(path: Path) -> list[str]:
    """Without the directory at their top."""
    with tarfile.open(path) as archive:
        return [name.partition("/")[2] for name in archive.getnames()]


def sums(paths: Sequence[Path]) -> str:
    """As `sha256sum --check` reads them."""
    return "".join(f"{digest(path)}  {path.name}\n" for path in paths)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def address(source: Path, repository: str) -> str:
    """Where the archive will be: in the release on GitHub, or where it is now."""
    place = f"https://github.com/{repository}/releases/download/v{version()}/{source.name}"
    return place if repository else source.as_uri()


def build(scratch: Path) -> tuple[Path, Path]:
    """The wheel and the source archive, the wheel made of the source archive; the same bytes for the same commit."""
    shutil.rmtree(DIST, ignore_errors=True)
    program = tool(scratch, "build")
    when = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    run([str(program.parent / "python"), "-m", "build", "--outdir", str(DIST), str(ROOT)], {"SOURCE_DATE_EPOCH": when})
    (wheel,), (source,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    return wheel, source


def tool(scratch: Path, package: str) -> Path:
    """A program of the index, in an environment of its own."""
    place = scratch / f"tool-{package}"
    python = empty_environment(place)
    run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", package])
    return place / "bin" / package


def empty_environment(place: Path) -> Path:
    venv.create(place, with_pip=True)
    return place / "bin" / "python"


def by_pip(scratch: Path, wheel: Path) -> Iterator[str]:
    place = scratch / "pip"
    python = str(empty_environment(place))
    pip = [python, "-m", "pip", "-q", "--disable-pip-version-check"]
    run([*pip, "install", str(wheel)])
    yield from faults_in_use(scratch, place / "bin")
    yield from (f"there is no {name}" for name in SHARED if not (place / name).is_file())
    run([*pip, "uninstall", "-y", NAME])
    yield from left(place / "bin")
    yield from (f"{name} is left after it was uninstalled" for name in SHARED if (place / name).exists())


def by_uv(scratch: Path, wheel: Path) -> Iterator[str]:
    uv, places = (
        str(tool(scratch, "uv")),
        {"UV_TOOL_DIR": str(scratch / "uv"), "UV_TOOL_BIN_DIR": str(scratch / "uv-bin")},
    )
    run([uv, "tool", "install", "-q", "--python", sys.executable, str(wheel)], places)
    yield from faults_in_use(scratch, scratch / "uv-bin")
    run([uv, "tool", "uninstall", "-q", NAME], places)
    yield from left(scratch / "uv-bin")


def by_pipx(scratch: Path, wheel: Path) -> Iterator[str]:
    pipx, places = (
        str(tool(scratch, "pipx")),
        {"PIPX_HOME": str(scratch / "pipx"), "PIPX_BIN_DIR": str(scratch / "pipx-bin")},
    )
    run([pipx, "install", "-q", "--python", sys.executable, str(wheel)], places)
    yield from faults_in_use(scratch, scratch / "pipx-bin")
    run([pipx, "uninstall", "-q", NAME], places)
    yield from left(scratch / "pipx-bin")


def left(place: Path) -> Iterator[str]:
    """Commands that uninstalling has not removed."""
    yield from (f"{name} is left after it was uninstalled" for name in COMMANDS if (place / name).exists())


def faults_in_use(scratch: Path, place: Path) -> Iterator[str]:
    """What goes wrong with the commands there: the demo, with an empty HOME, and away from this checkout."""
    yield from (f"no command {name}" for name in COMMANDS if not (place / name).exists())
    with tempfile.TemporaryDirectory(prefix="o-") as home:
        keep = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
        environ = {**keep, "HOME": home, "TMUX_TMPDIR": home, "PATH": f"{place}:{os.environ['PATH']}", "TERM": "xterm"}
        said = use(["orchestra", "--version"], environ, scratch)
        if f"version {version()}" not in said:
            yield f"--version says {said!r}"
        try:
            said = use(["orchestra", "up", "--demo", "-d"], environ, scratch)
            where = next(Path(home).glob(".orchestration/demo/*/widgets"), None)
            if where is None:
                yield f"there is no demo: {said}"
                return
            said = use(["orchestra", "wait", "1", "--timeout", "120", "--json"], environ, where)
            if '"complete"' not in said:
                yield f"the demo's first worker is not complete: {said}"
            use(["orchestra", "down"], environ, where)
        finally:
            subprocess.run(["tmux", "-L", "orchestra", "kill-server"], env=environ, capture_output=True, check=False)


def use(argv: Sequence[str], environ: Mapping[str, str], where: Path) -> str:
    """What a command says, on both streams."""
    program = shutil.which(argv[0], path=environ["PATH"]) or argv[0]
    done = subprocess.run(
        [program, *argv[1:]], cwd=where, env=dict(environ), capture_output=True, text=True, timeout=180, check=False
    )
    return done.stdout + done.stderr


def run(argv: Sequence[str], more: Mapping[str, str] | None = None) -> None:
    print(" ".join(argv), flush=True)
    subprocess.run(argv, env={**os.environ, **(more or {})}, check=True)


if __name__ == "__main__":
    sys.exit(main())
