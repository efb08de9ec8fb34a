# Counts how many children it gets: the limit is the tree's, whoever makes them.
# limits: processes=40
# outcome gvisor: out_of_memory
import os
import time

children = []
try:
    while len(children) < 1000:
        child = os.fork()
        if not child:
            time.sleep(60)
            os._exit(0)
        children.append(child)
except BlockingIOError:
    pass
assert 10 < len(children) <= 40, len(children)
print("held")
