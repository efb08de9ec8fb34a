# Looks for the server's environment.
import os

seen = repr(dict(os.environ))
for name in os.listdir("/proc"):
    if name.isdigit():
        try:
            seen += open(f"/proc/{name}/environ").read() + open(f"/proc/{name}/cmdline").read()
        except OSError:
            pass
assert "CANARY" + "_WORD" not in seen and "INTERLEAVE" not in seen and "CANARY_SECRET" not in seen, seen
print("held")
