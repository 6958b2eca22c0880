"""The shared engine: a ledger on Redis or Valkey, for many nodes."""
