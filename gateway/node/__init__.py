"""One process of the gateway, assembled: stores open first, listeners last. Never a rule of the road."""
