"""Key stores as earlier versions left them."""
