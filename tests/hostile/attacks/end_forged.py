# Says by itself how it ended, over process 1's own pipe, and goes on.
# outcome: timed_out
# limits: wall_ns=2_000_000_000
import os
import time

for number in range(200):
    for path in (f"/proc/1/fd/{number}", f"/proc/self/fd/{number}"):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            continue
        if number > 2:
            try:
                os.write(descriptor, b"exit 0\n")
            except OSError:
                pass
time.sleep(1000)
