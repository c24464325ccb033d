"""A stateful double of GitHub for tests; see README.md beside this file."""

from github_double.faults import Fault
from github_double.refs import Bare
from github_double.server import Double

__all__ = ["Bare", "Double", "Fault"]
