"""`orchestra list`: every worker, the one that most needs a person first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra import tripwire
from orchestra.view import View, look

if TYPE_CHECKING:
    from orchestra.app import Orchestra


def list_(orchestra: Orchestra) -> View:
    """Every worker of the project as people see it."""
    return look(orchestra)._replace(warning=tripwire.warning(orchestra))
