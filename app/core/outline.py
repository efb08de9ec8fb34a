"""A timeline as text for a terminal: lanes as a tree with a bar each, then what was noticed, waits, links and output.

Text of the program's is hostile also here: nothing of it reaches the terminal but printable characters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.findings import findings, lane_name, named, owners
from app.core.run import Kind, Outcome
from app.core.timeline import ENDINGS, LANE_KINDS, Job, Lane, Span, Timeline
from app.tracer import wire

MAX_LANES = 200
MAX_WAITS = 12
MAX_LINKS = 16
MAX_NAME = 28
LEAST_BAR = 24
TICK_COLUMNS = 14
PROCESS_BAR = "▁"
SPLINTER = "▎"
STDERR = 2


@dataclass(frozen=True, slots=True)
class Look:
    """How a stay in one state is drawn: a character, a colour of the 256, and the legend's words."""

    glyph: str
    colour: int
    words: str


RUNNING = Look("█", 33, "running")
WANTS_GIL = Look("▚", 178, "wants the GIL")
READY = Look("▞", 104, "ready, wants the event loop")
LOCKED = Look("▒", 203, "blocked on a lock")
WAITS = Look("∙", 134, "waits for another")
IO = Look("━", 37, "waits for I/O")
SLEEPS = Look("╌", 103, "sleeps")
AWAITS = Look("─", 104, "suspended at await")
CREATED = Look("·", 244, "created")
LEGEND = (RUNNING, WANTS_GIL, READY, LOCKED, WAITS, IO, SLEEPS, AWAITS, CREATED)

ENDING_MARKS = {
    wire.RAISED: ("✗", 203),
    wire.CANCELLED: ("⊘", 178),
    wire.EXITED: ("!", 203),
    wire.KILLED: ("†", 203),
    wire.UNFINISHED: ("…", 178),
}
BOLD, DIM, GOOD, BAD = "1", "2", "38;5;35", "38;5;203"


def outline(timeline: Timeline, outcome: Outcome | None, *, width: int = 100, colour: bool = False) -> str:
    """The timeline in lines of at most `width` columns (output may be longer); with ANSI colours if wanted."""
    return "\n".join(_Outline(timeline, outcome, width, colour).lines())


def duration(ns: float) -> str:
    """A time for people: 950 ns is 0.95 µs, then µs, ms and s, with three digits that count."""
    for unit, size in (("s", 1e9), ("ms", 1e6)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}" if ns < 1000 * size else f"{ns / size:.0f} {unit}"
    return f"{ns / 1e3:.3g} µs"


def clean(text: str) -> str:
    """The text with everything that is not printable made visible."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def look_of(timeline: Timeline, lane: Lane, span: Span) -> Look:
    """How this stay is drawn."""
    resource = timeline.resources.get(span.on)
    kind = resource.kind if resource is not None else 0
    match span.state, kind:
        case wire.RUNNING, _:
            return RUNNING
        case wire.CREATED, _:
            return CREATED
        case wire.READY, _:
            return READY if lane.kind == wire.TASK else WANTS_GIL
        case _, (wire.LOCK | wire.RLOCK | wire.SEMAPHORE):
            return LOCKED
        case _, wire.SLEEP:
            return SLEEPS
        case _, wire.IO:
            return IO
        case _, (0 | wire.FUTURE | wire.TASK_WAIT) if lane.kind == wire.TASK:
            return AWAITS
        case _:
            return WAITS


class _Outline:
    def __init__(self, timeline: Timeline, outcome: Outcome | None, width: int, colour: bool) -> None:
        self.timeline = timeline
        self.outcome = outcome
        self.width = width
        self.colour = colour
        self.rows = list(self._tree())
        # A name may be told longer than a terminal is wide.
        self.label = max([len(prefix) + min(len(self._name(lane)), MAX_NAME) for prefix, lane in self.rows], default=0)
        self.bar = max(width - self.label - 4, LEAST_BAR)

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and text else text

    def lines(self) -> Iterator[str]:
        yield self._headline()
        yield ""
        yield from self._axis()
        yield from map(self._row, self.rows[:MAX_LANES])
        if len(self.rows) > MAX_LANES:
            yield self.paint(f"… and {len(self.rows) - MAX_LANES} more lanes", DIM)
        yield ""
        yield from self._legend()
        for title, section in (
            ("Noticed", self._findings()),
            ("Longest waits", self._waits()),
            ("Jobs", self._jobs()),
            ("Links", self._links()),
            ("Output", self._output()),
        ):
            found = list(section)
            if found:
                yield ""
                yield self.paint(title, BOLD)
                yield from (f"  {line}" for line in found)

    def _headline(self) -> str:
        lanes = Counter(lane.kind for lane in self.timeline.lanes.values() if not lane.internal)
        words = [
            f"{lanes[kind]} {name if lanes[kind] == 1 else name + ('es' if name.endswith('s') else 's')}"
            for kind, name in enumerate(LANE_KINDS)
            if lanes[kind]
        ]
        hidden = sum(lane.internal for lane in self.timeline.lanes.values())
        if hidden:
            words.append(f"{hidden} internal not shown")
        ended = self.outcome.kind if self.outcome else "lost"
        style = GOOD if ended == Kind.completed else BAD
        words.append(duration(self.timeline.end_ns))
        line = f"{self.paint(ended.replace('_', ' '), f'1;{style}')}  {' · '.join(words)}"
        if self.outcome and self.outcome.detail:
            line += f"\n{self.paint(clean(self.outcome.detail), style)}"
        return line

    def _tree(self) -> Iterator[tuple[str, Lane]]:
        """Every lane that is shown, with the branches before its name; a lane comes right below its parent."""
        lanes = self.timeline.lanes
        children: dict[int, list[Lane]] = {}
        for lane in sorted(lanes.values(), key=lambda lane: (lane.start_ns, lane.id)):
            if not lane.internal:
                children.setdefault(lane.parent if lane.parent in lanes else 0, []).append(lane)
        pending = [("", "", lane) for lane in reversed(children.get(0, []))]
        while pending:
            prefix, branch, lane = pending.pop()
            yield prefix + branch, lane
            inner = children.pop(lane.id, [])
            below = prefix + {"": "", "├ ": "│ ", "└ ": "  "}[branch]
            pending += [(below, "└ " if child is inner[-1] else "├ ", child) for child in reversed(inner)]

    def _name(self, lane: Lane) -> str:
        name = clean(lane_name(lane))
        return f"{name} · {lane.number}" if lane.kind == wire.PROCESS and lane.number else name

    def _row(self, row: tuple[str, Lane]) -> str:
        prefix, lane = row
        room = self.label - len(prefix)
        name = self._name(lane)
        name = (name if len(name) <= room else name[: room - 1] + "…").ljust(room)
        painted = self.paint(name, BOLD) if lane.kind == wire.PROCESS else name
        return f"{self.paint(prefix, DIM)}{painted}  {self._bar(lane)}{self._ending(lane)}"

    def _ending(self, lane: Lane) -> str:
        mark, colour = ENDING_MARKS.get(lane.ending, ("", 0))
        return f" {self.paint(mark, f'38;5;{colour}')}" if mark else ""

    def _bar(self, lane: Lane) -> str:
        """The lane's stays in columns of equal time; the one that fills most of a column is drawn there."""
        scale = self.bar / max(self.timeline.end_ns, 1.0)
        shares: list[dict[Look, float]] = [{} for _ in range(self.bar)]
        for span in lane.spans:
            look = look_of(self.timeline, lane, span)
            start, end = span.start_ns * scale, span.end_ns * scale
            for column in range(int(start), min(int(end) + 1, self.bar)):
                part = min(end, column + 1) - max(start, column)
                shares[column][look] = shares[column].get(look, 0.0) + part
        text, last = "", ""
        for share in shares:
            glyph, style = self._cell(share, lane)
            if self.colour and style != last:
                text += ("\x1b[0m" if last else "") + (f"\x1b[{style}m" if style else "")
                last = style
            text += glyph
        return text + "\x1b[0m" if last else text.rstrip()

    def _cell(self, share: dict[Look, float], lane: Lane) -> tuple[str, str]:
        """The character and the style of one column; a short run among long waits shows as a splinter."""
        if sum(share.values()) <= 0:
            return " ", ""
        most = max(share, key=lambda look: share[look])
        splinter = most is not RUNNING and share.get(RUNNING, 0.0) > 0
        look = RUNNING if splinter else most
        glyph = PROCESS_BAR if lane.kind == wire.PROCESS else SPLINTER if splinter else look.glyph
        return glyph, f"38;5;{look.colour}"

    def _axis(self) -> Iterator[str]:
        """Times over the bars, at round steps."""
        end_ns = max(self.timeline.end_ns, 1.0)
        least = end_ns * TICK_COLUMNS / self.bar
        decade = 10.0 ** (len(f"{least:.0f}") - 1)
        step = next(step for step in (decade, 2 * decade, 5 * decade, 10 * decade) if step >= least)
        words, marks = "", ""
        tick = 0.0
        while tick <= end_ns:
            column = int(tick * self.bar / end_ns)
            word = duration(tick) if tick else "0"
            if column + len(word) <= self.bar + 2:
                words = words.ljust(column) + word
                marks = marks.ljust(column) + "╷"
            tick += step
        indent = " " * (self.label + 2)
        yield self.paint(indent + words, DIM)
        yield self.paint(indent + marks, DIM)

    def _legend(self) -> Iterator[str]:
        """What is drawn, and nothing else."""
        seen = {
            look_of(self.timeline, lane, span)
            for _, lane in self.rows[:MAX_LANES]
            if lane.kind != wire.PROCESS
            for span in lane.spans
        }
        entries = [
            (f"{look.glyph * 2} {look.words}", f"{self.paint(look.glyph * 2, f'38;5;{look.colour}')} {look.words}")
            for look in LEGEND
            if look in seen
        ]
        for ending in sorted({lane.ending for _, lane in self.rows[:MAX_LANES]} & set(ENDING_MARKS)):
            mark, colour = ENDING_MARKS[ending]
            entries.append((f"{mark} {ENDINGS[ending]}", f"{self.paint(mark, f'38;5;{colour}')} {ENDINGS[ending]}"))
        line, used = "", 0
        for plain, painted in entries:
            if used and used + 3 + len(plain) > self.width:
                yield line
                line, used = "", 0
            line += ("   " if used else "") + painted
            used += (3 if used else 0) + len(plain)
        if line:
            yield line

    def _findings(self) -> Iterator[str]:
        for finding in findings(self.timeline):
            lines = ", ".join(map(str, finding.lines))
            where = f" (line {lines})" if len(finding.lines) == 1 else f" (lines {lines})" if lines else ""
            yield f"{self.paint('!', f'1;{BAD}')} {clean(finding.title)}{where}"

    def _waits(self) -> Iterator[str]:
        """The longest stays blocked by somebody else: a sleep, I/O or a suspension was the program's own wish."""
        waits = [
            (span, lane)
            for _, lane in self.rows
            for span in lane.spans
            if look_of(self.timeline, lane, span) in (LOCKED, WAITS)
        ]
        waits.sort(key=lambda wait: wait[0].start_ns - wait[0].end_ns)
        for span, lane in waits[:MAX_WAITS]:
            # A lane that got the lock as its wait ended is its owner, too.
            held = [self.timeline.lanes[owner] for owner in owners(self.timeline, span) if owner != lane.id]
            by = f", held by {' and '.join(map(self._short, held))}" if held and not self._joins(span) else ""
            line = self.timeline.places.get(span.place, (0, "", False))[0]
            where = f" on line {line}" if line else ""
            what = clean(named(self.timeline, span.on))
            length = duration(span.end_ns - span.start_ns)
            yield f"{length:>9}  {self._short(lane)} waits for {what}{by}{where}, from {duration(span.start_ns)} on"
        if len(waits) > MAX_WAITS:
            yield self.paint(f"… and {len(waits) - MAX_WAITS} shorter", DIM)

    def _jobs(self) -> Iterator[str]:
        """What executors did, by function: how many, how long in the queue and at work, and what went wrong."""
        groups: dict[tuple[int, str], list[Job]] = {}
        for job in self.timeline.jobs.values():
            function = self.timeline.places.get(job.place, (0, "", False))[1]
            groups.setdefault((job.executor, function), []).append(job)
        for (executor, function), jobs in groups.items():
            began = [job for job in jobs if job.lane]
            waited = [job.start_ns - job.submitted_ns for job in began if job.submitted_ns >= 0]
            ran = [job.end_ns - job.start_ns for job in began]
            line = f"{len(jobs):>6} ×  {clean(function) or 'jobs'} on {clean(named(self.timeline, executor))}"
            for what, times in (("in the queue", waited), ("ran", ran)):
                if times:
                    line += f", {what} {duration(sum(times) / len(times))} (at most {duration(max(times))})"
            endings = Counter(ENDINGS[job.ending] or "not begun" for job in jobs if job.ending != wire.RETURNED)
            yield line + "".join(f", {count} {ending}" for ending, count in endings.items())

    def _links(self) -> Iterator[str]:
        """Who caused whom to go on, counted."""
        counts = Counter(
            (link.kind, link.from_lane, link.to_lane, link.resource)
            for link in self.timeline.links
            if link.kind != "start" and not self._internal(link.from_lane) and not self._internal(link.to_lane)
        )
        for (kind, source, target, resource), count in counts.most_common(MAX_LINKS):
            lanes = self.timeline.lanes
            over = f" over {clean(named(self.timeline, resource))}" if resource and kind != "join" else ""
            yield f"{count:>6} ×  {kind:<8} {self._short(lanes[source])} → {self._short(lanes[target])}{over}"
        if len(counts) > MAX_LINKS:
            yield self.paint(
                f"… and {sum(counts.values()) - sum(n for _, n in counts.most_common(MAX_LINKS))} more", DIM
            )

    def _joins(self, span: Span) -> bool:
        resource = self.timeline.resources.get(span.on)
        return resource is not None and bool(resource.target)

    def _internal(self, number: int) -> bool:
        lane = self.timeline.lanes.get(number)
        return lane is None or lane.internal

    def _short(self, lane: Lane) -> str:
        name = clean(lane_name(lane))
        return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"

    def _output(self) -> Iterator[str]:
        for t, number, stream, text, _ in self.timeline.output:
            lane = self.timeline.lanes.get(number)
            who = self._short(lane) if lane else ""
            for line in text.splitlines():
                shown = clean(line)
                said = self.paint(shown, BAD) if stream == STDERR else shown
                yield f"{duration(t):>9}  {who:<{min(self.label, MAX_NAME)}}  {said}"
