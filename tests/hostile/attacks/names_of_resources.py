# Gives what it waits for names as hostile, and as many of them as it can.
import queue
import threading

for number in range(200):
    exec(f"lock_{'x' * 3000}_{number} = threading.Lock()\nwith lock_{'x' * 3000}_{number}: pass")
    held = type("<b>" + "\u202e" * 10, (queue.Queue,), {})()
    held.put(1)
    held.get()
print("held")
