# Makes the host's disk work: by syncing everything, or its log again and again.
# outcome: completed, timed_out
# limits: wall_ns=5_000_000_000
# outcome gvisor: raised
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
log = os.open("/run/interleave/log", os.O_RDWR)
assert libc.syncfs(log) == -1 and ctypes.get_errno() == 1
for _ in range(20):
    os.fsync(log)
print("held")
