"""What igym does for people, in terms of the shelves below. No Flask, no terminal."""
