# Empties every list and dictionary that the interpreter knows of.
# outcome: completed, raised, exited, killed, timed_out
# says:
# limits: wall_ns=3_000_000_000
import gc

for found in gc.get_objects():
    if type(found) in (list, dict, set) and found is not globals():
        try:
            found.clear()
        except BaseException:
            pass
