"""Consents and suppressions: what people permitted and stopped, and what that means for a message."""
