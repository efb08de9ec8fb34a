# Overwrites the programs that run it, through their processes.
import os

for pid in ("self", "1"):
    for mode in (os.O_WRONLY, os.O_RDWR):
        try:
            os.open(f"/proc/{pid}/exe", mode)
        except OSError:
            continue
        raise AssertionError(pid)
print("held")
