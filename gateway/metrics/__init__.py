"""Counts and their exposition. Never a label that could be personal."""
