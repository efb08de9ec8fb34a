# Ignores every signal that can be ignored, and blocks the rest.
# outcome: timed_out
# limits: wall_ns=1_000_000_000
import signal
import time

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
time.sleep(1000)
