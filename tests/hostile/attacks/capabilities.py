# Reads what it may do.
# outcome gvisor: raised
status = dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
    assert int(status.get(name, "0"), 16) == 0, (name, status[name])
assert status["NoNewPrivs"] == "1"
assert status["Seccomp"] == "2"
print("held")
