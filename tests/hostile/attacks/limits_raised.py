# Raises every limit that it has been given. Each is hard, and lowering one works.
# outcome gvisor: raised
import resource

for name in ("NPROC", "NOFILE", "FSIZE", "AS", "CPU", "CORE"):
    kind = getattr(resource, f"RLIMIT_{name}")
    soft, hard = resource.getrlimit(kind)
    assert hard != resource.RLIM_INFINITY, name
    try:
        resource.setrlimit(kind, (hard + 1, hard + 1))
    except (ValueError, OSError):
        pass
    else:
        raise AssertionError(name)
resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
print("held")
