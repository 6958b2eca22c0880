"""The embedded engine: a ledger in one SQLite file, for one node."""
