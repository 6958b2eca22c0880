"""The support desk: tickets of customers and of the platform's own people."""
