# Doubles forever. The box has so many processes and no more, and ends at its wall time with all of them.
# outcome: timed_out
# outcome gvisor: timed_out, out_of_memory
# limits: wall_ns=2_000_000_000
import os

while True:
    try:
        os.fork()
    except OSError:
        pass
