"""One repository as seen from one command: its config, files, tmux server, git and tracker, made at first use."""
