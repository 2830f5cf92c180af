"""Screens for reading: home, the questions, search."""
