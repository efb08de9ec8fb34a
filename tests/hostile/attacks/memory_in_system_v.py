# Makes System V segments, queues and semaphores, which stay without any process.
# outcome gvisor: raised
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for name, arguments in (("shmget", (0, 1 << 24, 0o1666)), ("msgget", (0, 0o1666)), ("semget", (0, 100, 0o1666))):
    assert getattr(libc, name)(*arguments) == -1, name
print("held")
