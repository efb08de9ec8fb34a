"""Measurements side by side with the peers, as ratios of medians within one run: `make bench`."""
