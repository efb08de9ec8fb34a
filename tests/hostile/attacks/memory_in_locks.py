# Locks ranges of a file one by one: the kernel keeps each, and no limit of a process counts them.
# outcome: completed, out_of_memory, timed_out
# limits: wall_ns=2_000_000_000
import fcntl

file = open("/tmp/file", "w")
for number in range(200_000):
    fcntl.lockf(file, fcntl.LOCK_EX, 1, number * 2)
print("held")
