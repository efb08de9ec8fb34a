# Complains without end, past Python's own streams.
# outcome: output_limit
# limits: output_bytes=100_000
import os

while True:
    os.write(2, b"x" * 4096)
