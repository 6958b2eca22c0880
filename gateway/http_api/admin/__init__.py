"""The platform's own API: how the gateway stands, what became of a message, and the verbs that steer it."""
