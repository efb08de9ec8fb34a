# Overwrites its flight log with ones: every size and every number at its largest.
import mmap
import os

log = os.open("/run/interleave/log", os.O_RDWR)
size = os.fstat(log).st_size
with mmap.mmap(log, size) as memory:
    memory[:] = b"\xff" * size
os.write(1, b"held\n")
os._exit(0)
