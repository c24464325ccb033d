"""Claude Code: how it is started, what its hooks tell, its permission rules, its screen, its usage."""
