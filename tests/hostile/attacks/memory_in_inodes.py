# Makes empty files without end: their number is limited too.
# outcome gvisor: raised, timed_out, out_of_memory
made = 0
for folder in ("/tmp", "/home/sandbox", "/dev/shm"):
    try:
        for number in range(20_000):
            open(f"{folder}/{number}", "w").close()
            made += 1
    except OSError as error:
        assert error.errno == 28, error
assert made <= 3 * 4096, made
print("held")
