# Fills sockets in many processes: nobody's memory shows what waits in them.
# outcome: out_of_memory
# outcome unprivileged: timed_out
# limits: wall_ns=5_000_000_000
import os
import socket
import time

for _ in range(100):
    if not os.fork():
        break
kept = []
try:
    while True:
        pair = socket.socketpair()
        kept.append(pair)
        pair[0].setblocking(False)
        try:
            while True:
                pair[0].send(bytes(1 << 16))
        except BlockingIOError:
            pass
except OSError:
    pass
time.sleep(60)
