# Waits for ever.
# outcome: timed_out
# limits: wall_ns=500_000_000
import time

time.sleep(1000)
