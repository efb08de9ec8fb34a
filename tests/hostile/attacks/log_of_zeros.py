# Erases its flight log in the middle of the run.
import mmap
import os
import threading

for _ in range(20):
    threading.Thread(target=print, args=("there",)).start()
log = os.open("/run/interleave/log", os.O_RDWR)
size = os.fstat(log).st_size
with mmap.mmap(log, size) as memory:
    memory[:] = bytes(size)
os.write(1, b"held\n")
os._exit(0)
