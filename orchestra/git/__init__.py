"""Everything that is asked of git or done with it; hooks and filters of the repository never run unasked."""
