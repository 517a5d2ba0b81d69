"""Dataframes in, and aligned frames out."""
