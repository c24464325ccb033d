"""The full-screen views: board, picker, new task, what needs you, review. One Textual app; each is a screen of it."""
