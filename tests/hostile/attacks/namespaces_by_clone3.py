# Makes a namespace by the call whose flags no filter can see.
import ctypes
import struct

libc = ctypes.CDLL(None, use_errno=True)
wanted = ctypes.create_string_buffer(struct.pack("<11Q", 0x10000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0))
made = libc.syscall(435, wanted, 88)
if made == 0:
    __import__("os")._exit(0)
assert made == -1 and ctypes.get_errno() == 38
print("held")
