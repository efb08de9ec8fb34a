# Closes its output and input, and opens others in their places.
# says:
import os

os.close(1)
os.close(2)
os.close(0)
for _ in range(3):
    os.open("/dev/full", os.O_RDWR)
try:
    os.write(1, b"x")
except OSError:
    os._exit(0)
