"""Python values and exceptions as bytes, and back."""
