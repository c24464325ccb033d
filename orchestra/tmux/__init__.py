"""Everything that is asked of tmux or done with it; foreign text reaches it in @options only."""
