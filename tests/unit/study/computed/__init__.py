"""Tests of the generators of computed items."""
