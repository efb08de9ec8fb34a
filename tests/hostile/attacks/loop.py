# Computes for ever.
# outcome: timed_out
# limits: cpu_ns=500_000_000
while True:
    pass
