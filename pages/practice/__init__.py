"""Screens for practising: the quiz and the progress."""
