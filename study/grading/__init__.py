"""Grading: a verdict and the reason for it. Pure functions; no torch, no Streamlit."""
