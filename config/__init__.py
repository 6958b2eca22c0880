"""What may be set: typed settings, the loader that reads them, and the checks between them. No clock, no network."""
