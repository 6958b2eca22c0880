"""Forgetting on time: which rule holds, and the sweep that follows it."""
