# Reads and writes process 1's memory, which has the same user.
# outcome gvisor: raised
import os

for name in ("mem", "maps", "environ", "fd", "cwd", "root"):
    try:
        if name in ("fd",):
            os.listdir(f"/proc/1/{name}")
        elif name in ("cwd", "root"):
            os.readlink(f"/proc/1/{name}")
        else:
            open(f"/proc/1/{name}", "r+b" if name == "mem" else "rb").read(1)
    except OSError:
        continue
    raise AssertionError(name)
print("held")
