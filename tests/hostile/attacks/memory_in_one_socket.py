# Lets a socket's buffers grow, in every way there is.
# outcome gvisor: raised
import ctypes
import socket

libc = ctypes.CDLL(None, use_errno=True)
one, other = socket.socketpair()
for option in (7, 8, 32, 33, 18, 60):  # SNDBUF, RCVBUF and by force, RCVLOWAT, ZEROCOPY
    for level in (1, 1 << 32 | 1):
        value = ctypes.c_int(64 << 20)
        made = libc.syscall(
            54 if ctypes.sizeof(ctypes.c_long) == 8 and __import__("os").uname().machine == "x86_64" else 208,
            one.fileno(),
            ctypes.c_long(level),
            option,
            ctypes.byref(value),
            4,
        )
        assert made == -1, (option, level)
one.setblocking(False)
sent = 0
try:
    while True:
        sent += one.send(bytes(4096))
except BlockingIOError:
    pass
assert sent < 1 << 20, sent
print("held")
