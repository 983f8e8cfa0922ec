"""A researcher's package: unpacked, tried, compiled, stored, loaded."""
