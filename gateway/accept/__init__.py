"""The door: every message is validated, minimised, tagged, sealed and committed here, whichever side it came from."""
