"""How much may be sent: throughput, quotas, and what the gateway holds at once."""
