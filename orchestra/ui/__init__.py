"""What users see: texts, JSON documents, popups, the key context."""
