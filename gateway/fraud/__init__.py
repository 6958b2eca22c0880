"""Controls against abuse of messages: what is counted without knowing anyone, and what follows from it."""
