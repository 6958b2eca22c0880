"""Msegat's HTTP API."""
