"""`regex`: a regular expression that is compiled when it is first used.

A command uses a few of the hundred expressions in the modules that it imports; to compile them all took 15 ms of
`list`.
"""

from __future__ import annotations

TYPE_CHECKING = False

__all__ = ["regex"]

if TYPE_CHECKING:
    from re import compile as regex
else:

    class regex:  # noqa: N801 - it takes the place of re.compile
        """As re.compile; a mistake in the expression is found at its first use, or by the test that uses them all."""

        def __init__(self, pattern, flags=0):
            self.pattern = pattern
            self.flags = flags

        def __getattr__(self, name):
            """A method of the compiled expression, which is then kept."""
            import re

            found = getattr(re.compile(self.pattern, self.flags), name)
            setattr(self, name, found)
            return found
