"""The tmux that is tested, by what it can do: a test that needs more is skipped, and says what for."""

from __future__ import annotations

import subprocess

import pytest

from orchestra.tmux.capabilities import Capabilities, Feature, parse


def this_tmux() -> Capabilities:
    """What the tmux on PATH can do; everything where there is none, so that nothing is skipped silently."""
    try:
        return parse(subprocess.run(["tmux", "-V"], capture_output=True, text=True, check=False).stdout)
    except OSError:
        return parse("")


def needs(feature: Feature) -> pytest.MarkDecorator:
    """Skip the test with a tmux that cannot do this."""
    return pytest.mark.skipif(not this_tmux().has(feature), reason=f"this tmux cannot: {feature.name}")
