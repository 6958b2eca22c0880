"""Twilio's Messages API (2010-04-01), wire-compatible."""
