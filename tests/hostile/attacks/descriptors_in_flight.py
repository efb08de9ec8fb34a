# Parks descriptors inside sockets, where no process has them open.
# outcome gvisor: raised, out_of_memory, timed_out
import array
import os
import socket

one, other = socket.socketpair()
one.setblocking(False)
parked = 0
try:
    while parked < 100_000:
        descriptor = os.open("/dev/null", os.O_RDONLY)
        one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor] * 50))])
        os.close(descriptor)
        parked += 50
except OSError:
    pass
assert parked < 100_000
print("held", parked)
