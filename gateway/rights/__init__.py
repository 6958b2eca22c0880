"""What people whom the gateway writes to may ask for: erasure, access, and the proof that it was done."""
