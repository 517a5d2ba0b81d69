"""The one connection of a process to a gateway: where that is, how it is kept, what is said again after a loss."""
