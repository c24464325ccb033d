"""A scripted Messages API for the real Claude Code program, on loopback. See `script.py` for the script's language."""

from orchestra.agents.claude.selftest.script import marker, plan_of
from orchestra.agents.claude.selftest.server import MessagesApi, Request

__all__ = ["MessagesApi", "Request", "marker", "plan_of"]
