# Takes little memory in each of many processes: the limit is the tree's.
# outcome: out_of_memory
# limits: memory_bytes=67108864
import os
import time

for _ in range(12):
    if not os.fork():
        break
kept = bytearray(b"x") * (12 << 20)
time.sleep(60)
