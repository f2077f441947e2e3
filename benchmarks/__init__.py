"""How fast weave-migrate is: ``python -m benchmarks`` (see README.md)."""
