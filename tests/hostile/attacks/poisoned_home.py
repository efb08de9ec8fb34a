# Leaves what Python would load at its next start, and a marker, in all that it may write.
import os
import sys

local = f"/home/sandbox/.local/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
os.makedirs(local)
for path in (
    f"{local}/usercustomize.py",
    "sitecustomize.py",
    "threading.py",
    "/tmp/poison",
    "/dev/shm/poison",
    ".pythonrc",
):
    with open(path, "w") as file:
        file.write("raise SystemExit('poisoned')")
print("held")
