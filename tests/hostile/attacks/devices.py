# Makes devices, and looks at those that are there.
# outcome gvisor: raised
import os
import stat

for number, kind in enumerate((stat.S_IFCHR, stat.S_IFBLK)):
    for folder in ("/tmp", "/dev", "/dev/shm", "/home/sandbox"):
        try:
            os.mknod(f"{folder}/device{number}", kind | 0o666, os.makedev(1, 1))
        except OSError:
            continue
        raise AssertionError(folder)
assert set(os.listdir("/dev")) == {
    "null",
    "zero",
    "full",
    "random",
    "urandom",
    "fd",
    "stdin",
    "stdout",
    "stderr",
    "shm",
}
for name in ("/dev/new", "/dev/null.d"):
    try:
        open(name, "w")
    except OSError:
        continue
    raise AssertionError(name)
print("held")
