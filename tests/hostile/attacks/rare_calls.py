# Calls the parts of the kernel in which most holes are found.
# outcome gvisor: raised
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
machine = os.uname().machine == "x86_64"
for x86, arm, refusal in (
    (425, 425, 38),
    (426, 426, 38),
    (427, 427, 38),  # io_uring
    (321, 280, 1),
    (298, 241, 1),
    (323, 282, 1),  # bpf, perf_event_open, userfaultfd
    (250, 219, 1),
    (248, 217, 1),
    (249, 218, 1),  # keyctl, add_key, request_key
    (246, 104, 1),
    (175, 105, 1),
    (313, 273, 1),
    (165, 40, 1),
    (303, 264, 1),
    (304, 265, 1),
    (451, 451, 38),
    (457, 457, 38),
    (1000, 1000, 38),
):
    assert libc.syscall(x86 if machine else arm, 0, 0, 0, 0, 0, 0) == -1
    assert ctypes.get_errno() == refusal, (x86, ctypes.get_errno())
print("held")
