# Doubles forever. The box has so many processes and no more, and ends at its wall time with all of them.
# outcome: timed_out
# limits: wall_ns=2_000_000_000
import os

while True:
    try:
        os.fork()
    except OSError:
        pass
