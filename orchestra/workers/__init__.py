"""What several verbs do with workers: launch, deliver, answer, stop, remove, look."""
