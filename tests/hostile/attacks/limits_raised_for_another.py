# Raises a limit of process 1, or of its own child.
# outcome gvisor: raised
import os
import resource
import time

child = os.fork()
if not child:
    time.sleep(60)
for pid in (1, child, 0):
    try:
        resource.prlimit(pid, resource.RLIMIT_NPROC, (10_000, 10_000))
    except OSError:
        pass
    else:
        raise AssertionError(pid)
print("held")
