# Pins pages in pipes by reference: a small page of a huge one holds all of it.
# outcome gvisor: raised
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
reader, writer = os.pipe()
other, last = os.pipe()
for name, arguments in (
    ("vmsplice", (writer, None, 0, 0)),
    ("tee", (reader, last, 1, 2)),
    ("splice", (reader, None, last, None, 1, 2)),
):
    assert getattr(libc, name)(*arguments) == -1 and ctypes.get_errno() == 38, name
print("held")
