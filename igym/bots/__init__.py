"""Simulated participants: a crowd that joins, reads, answers and plays over real sockets.

Stands where a browser stands: it knows addresses and messages, and nothing of the server's insides.
"""
