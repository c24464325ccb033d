"""Checks of the machine and of the state on disk (invariants I1 to I10), and repairs of what a kill left."""
