"""The full-screen board."""
