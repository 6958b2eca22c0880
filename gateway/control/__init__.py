"""Desired state: what the people who run the gateway want of it, how nodes learn of it, and what they say they do."""
