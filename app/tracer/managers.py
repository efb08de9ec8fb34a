"""multiprocessing's managers: what a proxy stands for is one resource in all processes.

A call of a proxy's is one wait on that resource, whose end the manager's answer is; who puts, sets, notifies or lets go
is told by the caller, not by the manager's thread that does it.
"""

from __future__ import annotations

from sys import _getframe

from . import lanes, wire
from .channels import digest
from .files import passing
from .hooks import like, replace, without_us
from .lanes import act, here, of, running, waiting
from .log import clock, emit
from .permits import Permit
from .places import GENERATED, kind, place, user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, ModuleType
    from typing import Any

_MANAGED, _LOCK = 1 << 59, 1 << 60
_KEY = _MANAGED - 1
_MOST = 10_000
_ACTS = {
    wire.QUEUE: {
        "put": wire.PUT,
        "put_nowait": wire.PUT,
        "get": wire.GET,
        "get_nowait": wire.GET,
        "task_done": wire.WAKE,
    },
    wire.SEMAPHORE: {"release": wire.WAKE},
    wire.EVENT: {"set": wire.WAKE},
    wire.CONDITION: {"notify": wire.WAKE, "notify_all": wire.WAKE},
    wire.BARRIER: {"wait": wire.WAKE},  # of all who come the last one wakes the others, and of these the latest counts
}
_BLOCK_AT = {"acquire": 0, "get": 0, "put": 1}
"""Where the argument stands that says whether to wait; the next one is the timeout."""
_LOCKS = {wire.LOCK, wire.RLOCK}
_WAITS = {"acquire", "get", "get_nowait", "join", "put", "put_nowait", "wait"}
"""Methods that wait for what the thing is. With others one waits for the manager."""

_keys: dict[tuple[Any, ...], int] = {}
_managers: dict[Any, int] = {}
"""By address."""
_locks: dict[int, int] = {}
"""The lock that is a condition's, by the condition's key."""
_holds: dict[tuple[int, int], _Hold] = {}
"""By lock and lane."""


class _Hold:
    __slots__ = ("depth", "permit")

    def __init__(self, permit: Permit) -> None:
        self.depth = 0
        self.permit = permit


def _key(token: Any) -> int:
    """The same number for the same thing in every process."""
    what = token.typeid, token.address, token.id
    if what not in _keys:
        if len(_keys) >= _MOST:
            _keys.clear()
        _keys[what] = digest(repr(what)) & _KEY | _MANAGED
    return _keys[what]


def _endless(of_kind: int, method: str, args: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Whether somebody else has to do something for the call to end: else the manager answers, or the time runs out."""
    if of_kind == wire.PIPE:
        return False
    if method in _BLOCK_AT:
        at = _BLOCK_AT[method]
        block = args[at] if len(args) > at else named.get("block", named.get("blocking", True))
        timeout = args[at + 1] if len(args) > at + 1 else named.get("timeout")
        return bool(block) and timeout is None
    return method == "join" or (method == "wait" and (args[0] if args else named.get("timeout")) is None)


def _manager(address: Any, where: int) -> int:
    """The resource that those wait on who wait for no more than the manager's answer."""
    if address not in _managers:
        if len(_managers) >= _MOST:
            _managers.clear()
        _managers[address] = lanes.resource(
            wire.PIPE, "manager", key=digest(repr(address)) & _KEY | _MANAGED, place=where
        )
    return _managers[address]


def _one_wait(call: Any, address: Any) -> Any:
    """What takes a conversation with the manager, as one wait for it."""

    def wait(*args: Any, **options: Any) -> Any:
        if here.waits:
            return call(*args, **options)
        where = place(_getframe(1))
        waiting(_manager(address(args[0]), where), where, True)
        try:
            return call(*args, **options)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            running(where)

    return wait


def _took(lock: int, where: int, times: int = 1) -> None:
    """The acting lane has it from now on, or once more."""
    mine = lock, lanes.current()
    if mine not in _holds:
        _holds[mine] = _Hold(Permit(mine[1], where, lock))
    _holds[mine].depth += times


def _leave(lock: int, *, whole: bool) -> int:
    """The acting lane is about to let go of it, once or altogether: how many times it had it, 0 if it stays its own."""
    mine = lock, lanes.current()
    hold = _holds.get(mine)
    if hold is None:
        return 0
    depth = hold.depth
    hold.depth = 0 if whole else depth - 1
    if hold.depth:
        return 0
    del _holds[mine]
    permit = hold.permit
    emit(wire.HOLD, 0, lock, permit.t, clock(), permit.lane, permit.place)
    permit.cell.close()
    return depth


def watch(module: ModuleType) -> None:
    """Watch multiprocessing.managers."""
    base, manager = module.BaseProxy, module.BaseManager
    locks = {"Lock": wire.LOCK, "RLock": wire.RLOCK}
    kinds = {module.EventProxy: wire.EVENT, module.ConditionProxy: wire.CONDITION, module.BarrierProxy: wire.BARRIER}

    def kind_of(proxy: Any) -> int:
        for made, found in kinds.items():
            if isinstance(proxy, made):
                return found
        if isinstance(proxy, module.AcquirerProxy):
            return locks.get(proxy._token.typeid, wire.SEMAPHORE)
        return wire.QUEUE if all(hasattr(type(proxy), method) for method in ("put", "get", "qsize")) else wire.PIPE

    def lock_of(proxy: Any, of_kind: int, number: int, key: int, frame: FrameType | None) -> int:
        """What is held with this proxy; 0 if nothing is."""
        if of_kind != wire.CONDITION:
            return number if of_kind in _LOCKS else 0
        if key not in _locks:
            if len(_locks) >= _MOST:
                _locks.clear()
            name = lanes.called(proxy, frame)
            _locks[key] = lanes.resource(wire.RLOCK, name, key=key | _LOCK, place=place(frame))
        return _locks[key]

    call = base._callmethod

    def _callmethod(self: Any, methodname: str, args: tuple[Any, ...] = (), kwds: dict[str, Any] = {}) -> Any:  # noqa: B006
        if here.waits:
            return call(self, methodname, args, kwds)
        frame: FrameType | None = _getframe(1)
        if frame is not None and kind(frame.f_code) == GENERATED:
            frame = frame.f_back  # the proxy's own method, which a manager makes from a string
        frame = user(frame)
        where = place(frame)
        of_kind, key = kind_of(self), _key(self._token)
        number = of(self, of_kind, frame, key=key).number
        lock = lock_of(self, of_kind, number, key, frame)
        gone = _leave(lock, whole=methodname == "wait") if lock and methodname in {"release", "wait"} else 0
        now = clock()
        passing.received = 0
        on = lock if methodname == "acquire" and lock else number
        if of_kind != wire.PIPE and methodname not in _WAITS:
            on = _manager(self._token.address, where)
        waiting(on, where, not _endless(of_kind, methodname, args, kwds))
        try:
            result = call(self, methodname, args, kwds)
        except BaseException as error:
            without_us(error)
            raise
        finally:
            running(where)
            if gone and methodname == "wait":
                _took(lock, where, gone)
        what = _ACTS.get(of_kind, {}).get(methodname)
        if of_kind == wire.LOCK and methodname == "release" and not gone:
            what = wire.WAKE  # another lane has taken it: a signal
        if lock and methodname == "acquire" and result:
            _took(lock, where)
        elif what == wire.GET:
            act(what, number, passing.received or clock(), where)
        elif what:
            act(what, number, now, where)
        return result

    replace(base, "_callmethod", _callmethod)
    replace(manager, "_create", _one_wait(manager._create, lambda manager: manager._address))
    replace(base, "_incref", _one_wait(base._incref, lambda proxy: proxy._token.address))
    base._decref = staticmethod(like(_one_wait(base._decref, lambda token: token.address), base._decref))
