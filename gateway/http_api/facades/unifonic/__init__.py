"""Unifonic's REST API."""
