"""Other products' APIs, spoken so that programs written for them work unchanged. Every one ends in the one door."""
