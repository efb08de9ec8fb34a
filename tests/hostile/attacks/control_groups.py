# Looks for control groups, and changes what keeps it in them.
# outcome gvisor: raised
import os

assert not os.path.exists("/sys")
for line in open("/proc/self/cgroup"):
    for top in ("/sys/fs/cgroup", "/proc/1/root/sys/fs/cgroup"):
        path = top + line.rstrip().split(":", 2)[2]
        try:
            open(f"{path}/cgroup.procs", "w").write("0")
        except OSError:
            continue
        raise AssertionError(path)
print("held")
