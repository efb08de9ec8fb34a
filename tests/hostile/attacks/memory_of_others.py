# Reads and writes the memory of another process by the calls that are made for it.
# outcome gvisor: raised
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(8)


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]


mine = Vector(ctypes.addressof(buffer), 8)
for name in ("process_vm_readv", "process_vm_writev"):
    for pid in (os.getpid(), 1):
        made = getattr(libc, name)(pid, ctypes.byref(mine), 1, ctypes.byref(mine), 1, 0)
        assert made == -1 and ctypes.get_errno() == 1, name
assert libc.syscall(438, 0, 0, 0) == -1 and ctypes.get_errno() == 1  # pidfd_getfd
print("held")
