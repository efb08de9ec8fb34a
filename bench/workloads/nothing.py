"""Starts and ends."""
