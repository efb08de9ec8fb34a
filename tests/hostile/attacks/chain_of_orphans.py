# Each process starts the next one and dies, so that nobody is there to be caught.
# outcome: timed_out, completed
# limits: wall_ns=2_000_000_000
import os
import time

if os.fork():
    time.sleep(60)
while True:
    try:
        if os.fork():
            os._exit(0)
    except OSError:
        time.sleep(0.001)
