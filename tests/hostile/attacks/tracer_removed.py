# Takes the tracer away: its modules, its hooks, its threads' seams.
# outcome: completed, exited, killed
# says:
import gc
import sys
import threading

sys.setprofile(None)
sys.settrace(None)
threading.setprofile(None)
if hasattr(sys, "monitoring"):
    for tool in range(6):
        try:
            sys.monitoring.free_tool_id(tool)
        except ValueError:
            pass
for name in [name for name in sys.modules if "interleave" in name]:
    module = sys.modules.pop(name)
    for key in list(vars(module)):
        setattr(module, key, None)
gc.collect()
__import__("os").write(1, b"held\n")
__import__("os")._exit(0)
