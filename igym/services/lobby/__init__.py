"""From tickets to games: who waits for whom, and who meets."""
