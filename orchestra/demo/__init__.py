"""`orchestra up --demo`: a throw-away repository with issues and a scripted agent."""
