# Takes memory without end in one process.
# outcome: out_of_memory
# limits: memory_bytes=67108864
kept = []
while True:
    kept.append(bytearray(b"x") * (1 << 20))
