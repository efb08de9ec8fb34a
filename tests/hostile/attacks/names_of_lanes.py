# Gives its threads names that a page, a log or a terminal could take for orders.
import threading

for name in (
    "<img src=x onerror=alert(1)>",
    "\x1b[2J",
    "\u202etxt",
    "a\x00b",
    "\ud800",
    "x" * 1_000_000,
    "",
    "\n\r\t",
    "constructor",
    "__proto__",
):
    thread = threading.Thread(target=threading.get_ident, name=name)
    thread.start()
    thread.join()
print("held")
