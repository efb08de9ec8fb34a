# Opens files until it can't.
import os

opened = 0
try:
    while opened < 5000:
        os.open("/dev/null", os.O_RDONLY)
        opened += 1
except OSError as error:
    assert error.errno == 24, error
assert opened <= 64, opened
os.closerange(3, 5000)
print("held")
