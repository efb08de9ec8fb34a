# Nests folders until it can't, under the longest names: whoever cleans up must not follow them by path.
# outcome gvisor: raised, timed_out, out_of_memory
import os

depth = 0
try:
    while depth < 100_000:
        os.mkdir("d" * 255)
        os.chdir("d" * 255)
        depth += 1
except OSError as error:
    assert error.errno in (28, 36), error
assert depth < 100_000
print("held")
