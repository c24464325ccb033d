"""`orchestra-hook`: what agents and tmux call at their events. Standard library only, bounded, always exits 0."""
