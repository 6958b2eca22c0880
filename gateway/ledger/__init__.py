"""What is kept of messages and of what is still to be delivered: a contract and two engines. Knows no plaintext and no keys."""
