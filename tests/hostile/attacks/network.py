# Looks for a way out.
import socket

assert [name for _, name in socket.if_nameindex()] == ["lo"]
for family, where in ((socket.AF_INET, ("192.0.2.1", 80)), (socket.AF_INET6, ("2001:db8::1", 80))):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            with socket.socket(family, kind) as made:
                made.settimeout(5)
                made.connect(where)
        except TimeoutError:
            raise AssertionError(where) from None
        except OSError:
            continue
        raise AssertionError(where)
print("held")
