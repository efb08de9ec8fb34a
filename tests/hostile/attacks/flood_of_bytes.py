# Writes one byte at a time to both streams from many threads: a packet each.
# outcome: output_limit, timed_out
# limits: output_bytes=20_000 wall_ns=10_000_000_000
import os
import threading


def flood(stream):
    while True:
        os.write(stream, b"x")


for number in range(8):
    threading.Thread(target=flood, args=(1 + number % 2,)).start()
