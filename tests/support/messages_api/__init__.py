"""A scripted Messages API for the real Claude Code program, on loopback. See `script.py` for the script's language."""

from support.messages_api.script import marker
from support.messages_api.server import MessagesApi, Request

__all__ = ["MessagesApi", "Request", "marker"]
