# Keeps the log's form but makes its table say that there are more segments, larger and of other kinds.
import mmap
import os
import struct

log = os.open("/run/interleave/log", os.O_RDWR)
size = os.fstat(log).st_size
memory = mmap.mmap(log, size)
for place in range(16, 4096, 8):
    struct.pack_into("<Q", memory, place, (1 << 63) - place)
for entry in range(4096, 4096 + 64 * 32, 32):
    struct.pack_into("<8I", memory, entry, entry % 7, 2**31, 2**32 - 1, 1, 2**32 - 1, 3, entry, 2**31 - 1)
os.write(1, b"held\n")
os._exit(0)
