"""One person: from the link they open to the outcome they leave with."""
