"""What happens inside a game worker between two ticks. Knows no Redis, socket or browser."""
