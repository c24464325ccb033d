"""A stateful double of GitHub for tests; see README.md beside this file."""

from support.github_double.faults import Fault
from support.github_double.refs import Bare
from support.github_double.server import Double

__all__ = ["Bare", "Double", "Fault"]
