"""Exercises: what a `checks.py` is written with, and grading a submission."""
