# Mounts, unmounts and moves roots.
# outcome gvisor: raised
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for name, arguments in (
    ("mount", (b"none", b"/tmp", b"tmpfs", 0, None)),
    ("mount", (b"/", b"/tmp", None, 4096, None)),
    ("mount", (None, b"/proc", None, 32 | 4096, None)),
    ("umount2", (b"/proc", 2)),
    ("umount2", (b"/run/interleave/log", 2)),
    ("chroot", (b"/tmp",)),
    ("syscall", (430, b"tmpfs", 0)),
    ("syscall", (428, -100, b"/", 1)),
    ("syscall", (442, -100, b"/", 0, None, 0)),
):
    assert getattr(libc, name)(*arguments) == -1, name
    assert ctypes.get_errno() == 1, (name, ctypes.get_errno())
print("held")
