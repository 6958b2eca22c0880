"""What concerns other nodes on a shared ledger. Never a lock between them: leases say whose a message is."""
