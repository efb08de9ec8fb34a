# Hides memory in what belongs to a file and is no content: extended attributes, long links.
# outcome gvisor: raised
import os

open("/tmp/file", "w").close()
try:
    os.setxattr("/tmp/file", "user.hidden", bytes(60_000))
except OSError as error:
    assert error.errno == 95, error
else:
    raise AssertionError("setxattr")
try:
    for number in range(20_000):
        os.symlink("x" * 4000, f"/tmp/{number}")
except OSError as error:
    assert error.errno == 28, error
else:
    raise AssertionError("no limit to links")
print("held")
