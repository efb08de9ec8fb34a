# Computes in children that nobody waits for, so that their CPU time is in nobody's account.
# outcome: timed_out
# limits: cpu_ns=1_000_000_000 wall_ns=3_000_000_000
import os
import signal
import time

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if not os.fork():
        end = time.monotonic() + 0.05
        while time.monotonic() < end:
            pass
        os._exit(0)
    time.sleep(0.02)
