# Computes for ever.
# outcome: timed_out
# says: CPU time limit of 0.5 s reached
# limits: cpu_ns=500_000_000 wall_ns=30_000_000_000
while True:
    pass
