# Writes into files that only a descriptor holds, which no process's memory shows.
# outcome gvisor: raised, completed
import os

try:
    os.memfd_create("hidden")
except OSError as error:
    assert error.errno == 38, error
    print("held")
