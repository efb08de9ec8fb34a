# Runs bytecode that no compiler made.
# outcome: killed, raised, completed, timed_out
# says:
# limits: wall_ns=3_000_000_000
import random


def work():
    return 1


for seed in range(200):
    random.seed(seed)
    code = work.__code__
    work.__code__ = code.replace(co_code=bytes(random.randrange(256) for _ in range(20)) + code.co_code)
    try:
        work()
    except BaseException:
        pass
    work.__code__ = code
