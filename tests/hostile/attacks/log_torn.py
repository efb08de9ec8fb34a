# Flips bits everywhere in its log, again and again, while it is read.
import mmap
import os
import random
import threading
import time

log = os.open("/run/interleave/log", os.O_RDWR)
size = os.fstat(log).st_size
memory = mmap.mmap(log, size)
end = time.monotonic() + 1


def flip():
    while time.monotonic() < end:
        place = random.randrange(size if random.random() < 0.5 else 1 << 18)
        memory[place] ^= 1 << random.randrange(8)


threads = [threading.Thread(target=flip) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
os.write(1, b"held\n")
os._exit(0)
