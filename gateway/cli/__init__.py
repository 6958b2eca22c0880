"""The command line: verbs over the services that a node uses. Never a rule of its own."""
