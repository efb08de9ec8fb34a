# Asks the kernel to fill or collapse memory instead of touching it.
# outcome: out_of_memory
# limits: memory_bytes=67108864
import ctypes
import mmap
import time

POPULATE_WRITE = 23
kept = mmap.mmap(-1, 256 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)
try:
    kept.madvise(POPULATE_WRITE)
except OSError:
    ctypes.memset((ctypes.c_char * len(kept)).from_buffer(kept), 1, len(kept))
time.sleep(60)
