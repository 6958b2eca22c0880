"""One process of the gateway, assembled: stores opened, the road built, listeners opened last. Never a rule of the road."""
