"""Where submissions run: a process that sees Python, torch and one case at a time, and answers with plain data."""
