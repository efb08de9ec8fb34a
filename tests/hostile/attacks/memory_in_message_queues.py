# Makes POSIX message queues.
# outcome gvisor: raised
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
assert libc.mq_open(b"/hidden", 0o102, 0o600, None) == -1
print("held")
