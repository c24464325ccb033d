"""Marks for tests that run on a tmux server of our own and on the user's."""

from __future__ import annotations

import pytest

_OWN = pytest.param("default", marks=pytest.mark.nightly)
both_servers = pytest.mark.parametrize("server", ["orchestra", "default"], indirect=True)
both_servers_at_night = pytest.mark.parametrize("server", ["orchestra", _OWN], indirect=True)
