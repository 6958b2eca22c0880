"""Jasmin's HTTP API and its REST variant."""
