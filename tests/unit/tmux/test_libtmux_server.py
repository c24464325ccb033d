from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("stdout", ["None", "object()"])
def test_libtmux_is_imported_whatever_standard_output_is(stdout: str) -> None:
    """A full-screen program replaces it, and a service has none; libtmux asks it for its encoding."""
    code = f"import sys; sys.stdout = {stdout}; import orchestra.tmux.libtmux_server; sys.stdout = sys.__stdout__"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).stderr == b""
