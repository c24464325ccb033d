"""The scripted agent is a part of orchestra: there is no other version of it to try."""

SELF_TEST = None
