# Reads where nothing is.
# outcome: killed
# says:
import ctypes

ctypes.string_at(1)
