# Writes without end.
# outcome: output_limit
# limits: output_bytes=100_000
while True:
    print("x" * 1000)
