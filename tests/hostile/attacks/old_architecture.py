# Calls the kernel by its 32-bit door, behind which calls have other numbers.
# outcome: killed
# says:
# outcome gvisor: completed
import ctypes
import mmap
import os
import signal

if os.uname().machine != "x86_64":
    os.kill(os.getpid(), signal.SIGSYS)
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, getpid; int 0x80; ret
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
print("not held")
