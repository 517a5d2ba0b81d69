"""Code objects: what they name, what they are whatever the kernel, whether they changed, where they stand."""
