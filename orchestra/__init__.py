"""orchestra: many Claude Code workers in tmux, one GitHub issue to one pull request each."""

__version__ = "0.1.0"
