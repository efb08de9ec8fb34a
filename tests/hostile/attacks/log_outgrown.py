# Makes its log larger or smaller, removes it, or changes its rights.
import os

log = os.open("/run/interleave/log", os.O_RDWR)
size = os.fstat(log).st_size
for deed in (
    lambda: os.ftruncate(log, 1 << 40),
    lambda: os.pwrite(log, b"x", 1 << 40),
    lambda: os.unlink("/run/interleave/log"),
    lambda: os.chmod("/run/interleave/log", 0o777),
    lambda: os.rename("/run/interleave/log", "/tmp/log"),
    lambda: os.link("/run/interleave/log", "/run/interleave/other"),
):
    try:
        deed()
    except OSError:
        continue
    raise AssertionError("done")
assert os.fstat(log).st_size == size
print("held")
