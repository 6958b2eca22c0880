"""The console: pages over the admin API, for people who administer. What the API does not give, no page shows."""
