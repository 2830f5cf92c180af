"""Screens for live experiments."""
