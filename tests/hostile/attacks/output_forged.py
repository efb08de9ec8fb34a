# Writes packets that look like the tracer's: of other lanes, of the future, of wrong sizes.
import os
import struct

for lane, t, size, text in (
    (0, 0, 4, b"text"),
    (2**32 - 1, 2**64 - 1, 4, b"text"),
    (1 << 24 | 1, 1, 2**32 - 1, b"text"),
    (1 << 24 | 1, 1, 0, b""),
    (5, 1 << 63, 3, b"text"),
):
    os.write(1, struct.pack("<4sIQI", b"\x00ilv", lane, t, size) + text)
os.write(1, b"\x00ilv")
os.write(2, b"\x00ilv" + b"\xff" * 4092)
print("held")
