"""What a worker does from its own pane: run, report, ask, ship."""
