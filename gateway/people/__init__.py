"""People of the platform and of customers: who may do what, how they sign in, and what takes two of them."""
