# Hangs in what Python does at the end.
# outcome: timed_out
# limits: wall_ns=1_000_000_000
import atexit
import time

atexit.register(lambda: time.sleep(1000))
