"""The HTTP API: octets in, answers out. Never an effect before the door has taken a message."""
