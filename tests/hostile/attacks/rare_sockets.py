# Opens sockets of the kinds that programs don't need.
# outcome gvisor: raised
import socket

for family, kind, protocol in (
    (socket.AF_INET, socket.SOCK_RAW, 1),
    (socket.AF_INET6, socket.SOCK_RAW, 58),
    (socket.AF_PACKET, socket.SOCK_RAW, 0),
    (socket.AF_PACKET, socket.SOCK_DGRAM, 0x300),
    (40, socket.SOCK_STREAM, 0),
    (38, socket.SOCK_SEQPACKET, 0),
    (socket.AF_NETLINK, socket.SOCK_RAW, 12),
    (socket.AF_NETLINK, socket.SOCK_RAW, 6),
    (socket.AF_INET, socket.SOCK_STREAM, 132),
    (socket.AF_INET, socket.SOCK_DGRAM, 1),
    (31, socket.SOCK_RAW, 1),
    (29, socket.SOCK_RAW, 1),
    (44, socket.SOCK_RAW, 0),
    (30, socket.SOCK_STREAM, 0),
    (9, socket.SOCK_STREAM, 0),
):
    try:
        socket.socket(family, kind, protocol)
    except OSError:
        continue
    raise AssertionError((family, kind, protocol))
print("held")
