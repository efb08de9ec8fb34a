# Changes the clock, the host's name, and its own rank.
# outcome gvisor: raised
import ctypes
import os
import resource
import time

libc = ctypes.CDLL(None, use_errno=True)
for deed in (
    lambda: time.clock_settime(time.CLOCK_REALTIME, 0),
    lambda: __import__("socket").sethostname("taken"),
    lambda: os.nice(-5),
    lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10)),
    lambda: os.setpriority(os.PRIO_USER, 0, -20),
):
    try:
        deed()
    except OSError:
        continue
    raise AssertionError
assert libc.sync() in (0, -1)
print("held")
