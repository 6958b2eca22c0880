"""Notifications to customers over HTTP: signed, retried, in order for each message."""
