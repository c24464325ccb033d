"""Control over HTTP, for a double in a process of its own: POST /_double/<verb> with the arguments as a JSON object.

curl -d '{"title": "Add dark mode"}' $URL/_double/add_issue       -> {"result": 1}
curl $URL/_double/requests                                        -> {"result": [...]}
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support.github_double.faults import Reply, json_reply
from support.github_double.records import Refused

if TYPE_CHECKING:
    from support.github_double.server import Double

VERBS = frozenset(
    {"add_issue", "add_pull", "edit", "close", "reopen", "comment", "review", "dismiss", "review_comment", "resolve"}
    | {"block", "add_sub_issue", "add_check", "add_status", "add_run", "add_job", "set_run", "add_suite", "merge"}
    | {"push", "fault", "clear_faults", "protect", "thread_reply", "edit_comment", "update_branch", "delete_branch"}
)
FACTS = ("requests", "violations", "token", "remaining")


def controlled(double: Double, name: str, body: bytes) -> Reply:
    """Run one verb, or tell one fact."""
    with double.lock:
        if name in FACTS:
            return json_reply(200, {"result": getattr(double, name)})
        if name not in VERBS:
            return json_reply(404, {"error": f"no such verb: {name}"})
        try:
            return json_reply(200, {"result": getattr(double, name)(**json.loads(body or b"{}"))})
        except (Refused, TypeError, ValueError, AssertionError) as error:
            return json_reply(400, {"error": str(error)})
