"""RQ entry points: each module says what it listens to and which service it calls.

Jobs are enqueued by name (`igym.store.jobs.ALLOWED`); nothing imports this package.
"""
