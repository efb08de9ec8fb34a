# Makes more lanes and names than anybody can look at, as fast as it can.
import threading

for number in range(1500):
    thread = threading.Thread(target=int, name=f"{number}" * 200)
    thread.start()
    thread.join()
print("held")
