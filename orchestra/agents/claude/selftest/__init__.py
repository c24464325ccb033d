"""A scripted Messages API for the real Claude Code program, on loopback, and the self-test that is made with it."""

from orchestra.agents.claude.selftest.checks import SELF_TEST
from orchestra.agents.claude.selftest.script import marker, plan_of
from orchestra.agents.claude.selftest.server import MessagesApi, Request

__all__ = ["SELF_TEST", "MessagesApi", "Request", "marker", "plan_of"]
