"""Where message fields are sealed and opened; whoever opens one names a purpose."""
