"""Dicts and queues of the gateway: what functions, notebooks and scripts share while they run."""
