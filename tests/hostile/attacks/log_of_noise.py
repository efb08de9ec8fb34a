# Overwrites its whole flight log with noise.
import mmap
import os

log = os.open("/run/interleave/log", os.O_RDWR)
size = os.fstat(log).st_size
with mmap.mmap(log, size) as memory:
    for start in range(0, size, 1 << 20):
        memory[start : start + (1 << 20)] = os.urandom(min(1 << 20, size - start))
os.write(1, b"held\n")
os._exit(0)
