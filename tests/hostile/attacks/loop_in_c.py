# Computes for ever where no signal handler runs.
# outcome: timed_out
# says: CPU time limit of 0.5 s reached
# limits: cpu_ns=500_000_000 wall_ns=30_000_000_000
pow(3, 3**20, 10**9**3) if False else sum(iter(int, 1))
