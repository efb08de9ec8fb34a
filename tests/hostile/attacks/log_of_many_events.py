# Makes more events than are kept.
# says:
# limits: events=2000
import threading

lock = threading.Lock()
for _ in range(20_000):
    with lock:
        pass
for _ in range(100):
    thread = threading.Thread(target=lock.locked)
    thread.start()
    thread.join()
print("held")
