"""What igym is about, with no way to do any of it: values, tables and pure functions."""
