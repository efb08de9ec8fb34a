# Reads from its output, seeks, truncates, locks and unblocks it.
# outcome gvisor: timed_out
import fcntl
import os

for deed in (
    lambda: os.read(1, 1),
    lambda: os.lseek(1, 0, 0),
    lambda: os.ftruncate(1, 0),
    lambda: fcntl.flock(1, fcntl.LOCK_EX | fcntl.LOCK_NB),
    lambda: fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 4096),
    lambda: os.open("/proc/self/fd/1", os.O_RDONLY | os.O_NONBLOCK),
):
    try:
        deed()
    except OSError:
        pass
print("held")
