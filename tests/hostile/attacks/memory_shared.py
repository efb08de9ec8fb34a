# Takes memory that processes share, and drops the mapping in the one that filled it.
# outcome: out_of_memory
# outcome unprivileged: timed_out
# limits: memory_bytes=67108864 wall_ns=3_000_000_000
# outcome gvisor: timed_out, out_of_memory
import mmap
import os
import time

kept = [mmap.mmap(-1, 4 << 20) for _ in range(32)]
if os.fork():
    for one in kept:
        one.write(b"x" * (4 << 20))
        one.close()
time.sleep(60)
