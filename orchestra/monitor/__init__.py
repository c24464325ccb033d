"""The loop that brings workers, tmux, git and GitHub to what is wanted: one idempotent pass after the other."""
