"""The keys, in a place of their own under a root in a third. Never with the data."""
