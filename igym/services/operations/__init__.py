"""What keeps a deployment well: measured, examined, backed up, tidied."""
