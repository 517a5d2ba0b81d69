"""farcall: notebook cells as functions that run on far machines."""

__version__ = "0.1.0"
