# Writes to the kernel's switches, and reads what would tell where the kernel is.
# outcome gvisor: raised
import os

for path in (
    "sys/kernel/hostname",
    "sys/kernel/core_pattern",
    "sys/net/ipv4/ip_forward",
    "sys/fs/suid_dumpable",
    "sys/vm/drop_caches",
    "sysrq-trigger",
    "self/oom_score_adj",
    "self/uid_map",
    "self/setgroups",
    "self/coredump_filter",
    "self/timens_offsets",
    "1/oom_score_adj",
    "irq/default_smp_affinity",
    "self/loginuid",
):
    try:
        with open(f"/proc/{path}", "w") as file:
            file.write("0")
    except OSError:
        continue
    raise AssertionError(path)
for path in ("kcore", "kmsg", "kpagecount", "self/pagemap"):
    try:
        with open(f"/proc/{path}", "rb") as file:
            assert not any(file.read(64)), path
    except OSError:
        pass
print("held")
