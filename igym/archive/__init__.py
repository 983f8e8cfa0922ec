"""The data volume: tables as Parquet, written atomically and any number of times."""
