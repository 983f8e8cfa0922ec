"""The web worker: HTTP pages and sockets. Holds connections and nothing else."""
