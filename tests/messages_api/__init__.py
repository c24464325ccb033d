"""A scripted Messages API for the real Claude Code program, on loopback. See `script.py` for the script's language."""

from messages_api.script import marker
from messages_api.server import MessagesApi, Request

__all__ = ["MessagesApi", "Request", "marker"]
