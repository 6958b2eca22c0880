"""What the regulator asks of a message, and whether it holds: packs of rules, the register of senders, verdicts."""
