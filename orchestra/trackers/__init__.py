"""Where issues come from when it is not GitHub: Markdown files in the repository."""
