"""Programs beside a node: the demo, the search for leaks, copies from one ledger to another."""
