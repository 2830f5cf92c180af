"""Screens for practising: the quiz, exercises and the mock interview."""
