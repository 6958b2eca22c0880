"""Taqnyat's REST API."""
