"""What is kept: archived, exported, replayed, erased."""
