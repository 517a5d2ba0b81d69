"""What runs inside a container: one process, user code in its main thread, one connection to the gateway."""
