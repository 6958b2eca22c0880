"""What is kept of messages and of events to deliver: a contract and two engines. Knows no plaintext and no keys."""
