"""OpenDSR: controllers hand over what people ask of them."""
