"""What every process has: clock, tasks, logs, TLS, the name of its host."""
