# Looks at what it was born with.
# outcome gvisor: raised
import os

for name in os.listdir("/proc/self/fd"):
    try:
        target = os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        continue
    assert target.startswith(("pipe:", "/dev/null", "/proc/", "/run/interleave/log", "/home/sandbox/main.py")), target
    if int(name) > 2:
        assert not target.startswith("pipe:"), (name, target)
print("held")
