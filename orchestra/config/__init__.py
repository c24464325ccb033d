"""What users write: orchestra.yaml, layouts, prompts; read, checked whole, and turned into records."""
