# Traces its own child, its parent and itself.
# outcome gvisor: raised
import ctypes
import os
import time

libc = ctypes.CDLL(None, use_errno=True)
child = os.fork()
if not child:
    time.sleep(60)
for request, pid in ((0, 0), (16, child), (0x4206, child), (16, 1), (0x4206, 1)):
    assert libc.ptrace(request, pid, None, None) == -1 and ctypes.get_errno() == 1, (request, pid)
print("held")
