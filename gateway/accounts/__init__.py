"""Who may send: customers, keys, binds, endpoints and numbers. Never a plaintext secret at rest."""
