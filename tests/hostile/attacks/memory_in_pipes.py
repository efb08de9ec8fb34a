# Fills pipes of the largest size in many processes. All pipes of a user have a quota.
# outcome: completed, out_of_memory
import fcntl
import mmap
import os
import struct
import time

total = mmap.mmap(-1, 4096)
for place in range(1, 60):
    if not os.fork():
        written = 0
        try:
            while True:
                reader, writer = os.pipe()
                os.set_blocking(writer, False)
                try:
                    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 1 << 20)
                except OSError:
                    pass
                try:
                    while True:
                        written += os.write(writer, bytes(1 << 16))
                except BlockingIOError:
                    pass
        except OSError:
            pass
        struct.pack_into("<Q", total, place * 8, written)
        struct.pack_into("<Q", total, 2048 + place * 8, 1)
        time.sleep(60)
while sum(struct.unpack_from("<60Q", total, 2048)) < 59:
    time.sleep(0.01)
written = sum(struct.unpack_from("<60Q", total, 0))
assert 0 < written < 160 << 20, written
print("held", written >> 20)
