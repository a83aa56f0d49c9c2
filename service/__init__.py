"""The service that ships: bytes in, an honest answer out. Imports no torch."""
