"""Authors' functions called in processes of their own, and never waited for."""
