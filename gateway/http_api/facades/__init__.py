"""The APIs of others, spoken over our door."""
