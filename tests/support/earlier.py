"""The program of an earlier release, run from its own files with the dependencies of this one."""

from __future__ import annotations

import subprocess
import sysconfig
import tarfile
import venv
from io import BytesIO
from pathlib import Path

import pytest

from support.paths import ROOT

RELEASES = {"0.1.0": "700f2ac"}


def install(version: str, place: Path) -> Path:
    """An environment with that release; returns its Python. Skips the test where the history has no such commit."""
    commit = RELEASES[version]
    packed = subprocess.run(
        ["git", "archive", commit, "orchestra", "layouts", "prompts"], cwd=ROOT, capture_output=True, check=False
    )
    if packed.returncode:
        pytest.skip(f"this checkout has no commit {commit}, which is release {version}")
    source = place / "source"
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
        archive.extractall(source, filter="data")
    environment = place / "environment"
    venv.create(environment)
    where = sysconfig.get_path("purelib", vars={"base": str(environment), "platbase": str(environment)})
    Path(where, "earlier.pth").write_text(f"{source}\n{sysconfig.get_path('purelib')}\n")
    return environment / "bin" / "python"
