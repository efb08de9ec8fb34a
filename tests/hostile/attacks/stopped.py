# Stops itself: a stopped process handles nothing, and still ends.
# outcome: timed_out
# limits: wall_ns=1_000_000_000
import os
import signal

os.kill(os.getpid(), signal.SIGSTOP)
