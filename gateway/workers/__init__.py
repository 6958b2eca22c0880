"""Many workers on one machine: a small supervisor, and nothing of the gateway that a worker is made of."""
