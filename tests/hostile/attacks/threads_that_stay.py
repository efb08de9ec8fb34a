# Ends, but its threads don't.
# outcome: timed_out
# limits: wall_ns=1_000_000_000
import threading

threading.Thread(target=threading.Event().wait).start()
