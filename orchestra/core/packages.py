"""The command that installs a package here: by the first package manager on PATH."""

from __future__ import annotations

import os

from orchestra.core.records import Record

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class PackageTool(Record):
    """A package manager: its program, the words that install without a question, whether root must run it."""

    program: str
    install: tuple[str, ...]
    refresh: tuple[str, ...] = ()
    needs_root: bool = True


INSTALLERS = (
    PackageTool(
        "apt-get",
        ("apt-get", "install", "-y", "-qq", "--no-install-recommends"),
        ("apt-get", "update", "-qq"),
    ),
    PackageTool("dnf", ("dnf", "install", "-y", "-q")),
    PackageTool("zypper", ("zypper", "--non-interactive", "install")),
    PackageTool("apk", ("apk", "add", "--quiet")),
    PackageTool("pacman", ("pacman", "-Sy", "--needed", "--noconfirm")),
    PackageTool("brew", ("brew", "install"), needs_root=False),
)
# What a user types, where it is shorter than what a script runs.
_TYPED = {
    "apt-get": "apt install",
    "dnf": "dnf install",
    "zypper": "zypper install",
    "apk": "apk add",
    "pacman": "pacman -S",
}


def found_installer(path: str | None = None) -> PackageTool | None:
    """The first one on `path` (by default this process's)."""
    import shutil

    return next((one for one in INSTALLERS if shutil.which(one.program, path=path)), None)


def install_hint(package: str, version: str, environ: Mapping[str, str]) -> str:
    """`install tmux 3.2a or newer: sudo apt install tmux`; without the command where no package manager is found."""
    command = install_command((package,), environ.get("PATH"), root=os.geteuid() == 0)
    return f"install {package} {version} or newer" + (f": {command}" if command else "")


def install_command(packages: Sequence[str], path: str | None = None, *, root: bool = False) -> str:
    """`sudo apt install tmux`; empty where no package manager is known."""
    manager = found_installer(path)
    if manager is None:
        return ""
    typed = _TYPED.get(manager.program, " ".join(manager.install))
    return " ".join([*(["sudo"] if manager.needs_root and not root else []), typed, *packages])
