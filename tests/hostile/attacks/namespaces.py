# Makes namespaces, in which it would be root: by unshare, by clone and by joining others.
# outcome gvisor: raised
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
clone = 56 if os.uname().machine == "x86_64" else 220
for flag in (0x10000000, 0x00020000, 0x40000000, 0x20000000, 0x04000000, 0x08000000, 0x02000000, 0x80):
    assert libc.unshare(flag) == -1 and ctypes.get_errno() == 1, hex(flag)
    if flag != 0x80:
        made = libc.syscall(clone, ctypes.c_ulong(flag | 17), None, None, None, None)
        if made == 0:
            os._exit(0)
        assert made == -1 and ctypes.get_errno() == 1, hex(flag)
assert libc.setns(os.open("/proc/self/ns/user", os.O_RDONLY), 0) == -1
print("held")
