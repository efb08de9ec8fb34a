"""The shapes of the JSON interface; OpenAPI is made of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.core.run import MAX_SOURCE, Dropped, Kind, Limits, Outcome, Python, Run, State
from app.sandbox import Guarantee
from app.web.lint import Message

RUN_ID = "7h2k9qzxw3mn"
PROGRAM = "import threading\n\nthreading.Thread(target=print, args=['hello']).start()\n"

Source = Annotated[str, Field(description=f"The program; at most {MAX_SOURCE} bytes of UTF-8.", examples=[PROGRAM])]
ShortText = Annotated[str, StringConstraints(max_length=64)]


class Submit(BaseModel):
    """A program to run."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"source": PROGRAM, "python": "3.12", "example": None}}
    )

    source: Source
    python: ShortText | None = Field(None, description="Id of an interpreter from /healthz; by default the newest.")
    example: ShortText | None = Field(None, description="Slug of the example that the program began as.")
    parent: ShortText | None = Field(None, description="Id of the run whose program was edited.")


class Lint(BaseModel):
    """A program to read, not to run."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"source": "print(nme)\n"}})

    source: Source


class Submitted(BaseModel):
    """A run that was taken."""

    id: str = Field(examples=[RUN_ID])
    url: str = Field(description="The run's page.", examples=[f"/r/{RUN_ID}"])
    state: State = Field(examples=["queued"])
    delete_token: str = Field(description="Allows to delete the run; told only here.")


class PythonOut(BaseModel):
    """An interpreter."""

    id: str = Field(examples=["3.13"])
    version: str = Field(examples=["3.13.0"])
    free_threaded: bool

    @classmethod
    def of(cls, python: Python) -> PythonOut:
        return cls(id=python.id, version=python.version, free_threaded=python.free_threaded)


class OutcomeOut(BaseModel):
    """How a run ended."""

    kind: Kind
    exit_code: int | None
    signal: int | None
    detail: str = Field(description="One line of English, or empty.")

    @classmethod
    def of(cls, outcome: Outcome) -> OutcomeOut:
        return cls(kind=outcome.kind, exit_code=outcome.exit_code, signal=outcome.signal, detail=outcome.detail)


class RunOut(BaseModel):
    """A run as it stands."""

    id: str = Field(examples=[RUN_ID])
    url: str = Field(description="The run's page.", examples=[f"/r/{RUN_ID}"])
    state: State
    place: int | None = Field(description="Its place in the queue, from 1, as turns are now; null once it has begun.")
    outcome: OutcomeOut | None = Field(description="Null until the run is finished, and when it was lost.")
    python: PythonOut
    example: str | None
    parent: str | None
    created: str = Field(description="RFC 3339.", examples=["2026-01-31T12:00:00.000Z"])
    wall_ns: int | None
    cpu_ns: int | None
    events: int
    dropped: Dropped
    limits: Limits
    sandbox: str = Field(examples=["bubblewrap"])
    trace_version: int
    shared: bool = Field(description="Whether it is kept whatever its age.")

    @classmethod
    def of(cls, run: Run, place: int | None = None) -> RunOut:
        return cls(
            id=run.id,
            url=f"/r/{run.id}",
            state=run.state,
            place=place,
            outcome=OutcomeOut.of(run.outcome) if run.outcome else None,
            python=PythonOut.of(run.python),
            example=run.example,
            parent=run.parent,
            created=run.created,
            wall_ns=run.wall_ns,
            cpu_ns=run.cpu_ns,
            events=run.events,
            dropped=run.dropped,
            limits=run.limits,
            sandbox=run.sandbox,
            trace_version=run.trace_version,
            shared=run.shared,
        )


class ExampleOut(BaseModel):
    """An example, without its program; texts are in the language asked for."""

    slug: str = Field(examples=["lock"])
    title: str
    section: str = Field(examples=["threading"])
    section_title: str
    teaches: str = Field(description="What there is to see.")
    try_: str = Field(alias="try", description="What to change and run again.")

    model_config = ConfigDict(populate_by_name=True)


class ExampleWithSource(ExampleOut):
    """An example with its program."""

    source: str


class SandboxOut(BaseModel):
    """What keeps programs in."""

    backend: str = Field(examples=["bubblewrap"])
    guarantees: list[Guarantee]


class QueueOut(BaseModel):
    """The runs that wait for their turn."""

    length: int
    limit: int


class Health(BaseModel):
    """What this server is and can do."""

    status: Literal["ok"]
    version: str
    sandbox: SandboxOut
    pythons: list[PythonOut]
    limits: Limits
    queue: QueueOut


class Messages(BaseModel):
    """What ruff and the compiler say."""

    messages: list[Message]


class LaneOut(BaseModel):
    """One row."""

    id: int
    kind: Literal["process", "thread", "task"]
    name: str
    parent: int | None
    starter: int | None = Field(description="The lane whose code started this one.")
    pid: int | None
    tid: int | None
    internal: bool
    start_ns: int
    end_ns: int | None
    ending: Literal["returned", "raised", "cancelled", "exited", "killed", "unfinished"] | None
    error: str | None = Field(description="What ended it, as Type: message.")
    exit_code: int | None = Field(description="A process's.")
    cpu_ns: int | None


class SpanOut(BaseModel):
    """A lane's stay in one state."""

    lane: int
    state: Literal["created", "running", "ready", "waiting"]
    start_ns: int
    end_ns: int
    on: int | None = Field(description="The resource waited on.")
    line: int | None
    function: str | None
    inferred: bool


class ResourceOut(BaseModel):
    """What lanes hold or wait on."""

    id: int
    kind: str
    name: str | None
    line: int | None
    lane: int | None
    target: int | None = Field(description="The lane that a wait on this resource waits for.")


class HoldOut(BaseModel):
    """A lane held a resource."""

    resource: int
    lane: int
    start_ns: int
    end_ns: int
    inferred: bool


class JobOut(BaseModel):
    """What an executor or a pool was asked to do. What is not known, or has not happened, is null."""

    executor: int = Field(description="The resource that the job was submitted to.")
    number: int = Field(description="As its executor counts, from 1.")
    part: int | None = Field(description="Of a call that has parts, as a pool's map, from 1: each is a job.")
    items: int | None = Field(description="Of a part that is a chunk of an iterable: how many items it has.")
    function: str | None
    line: int | None = Field(description="Where the function begins.")
    submitter: int | None
    submitted_ns: int | None
    submitted_line: int | None
    lane: int | None = Field(description="Who ran it; null if it never began.")
    start_ns: int | None
    end_ns: int | None
    ending: Literal["returned", "raised", "cancelled", "killed", "unfinished"] | None


class LevelOut(BaseModel):
    """A queue's depth, a semaphore's count or an executor's backlog from this time on."""

    resource: int
    t_ns: int
    value: int


class CpuOut(BaseModel):
    """A look at a lane's CPU time; between two looks it is taken to have been used evenly."""

    lane: int
    t_ns: int
    cpu_ns: int = Field(description="What the lane had used until then.")


class LinkOut(BaseModel):
    """A cause, drawn as an arrow."""

    kind: Literal["start", "join", "wake", "handoff", "item", "cancel"]
    from_lane: int
    from_ns: int
    to_lane: int
    to_ns: int
    resource: int | None


class MarkOut(BaseModel):
    """Something remarkable at one moment."""

    lane: int
    t_ns: int
    kind: Literal["failed_start", "exception", "warning", "never_retrieved", "never_awaited"]
    text: str
    line: int | None


class OutputOut(BaseModel):
    """Something written."""

    t_ns: int
    lane: int
    stream: Literal["stdout", "stderr"]
    text: str
    inferred: bool


class FindingOut(BaseModel):
    """Something noticed and explained."""

    kind: str = Field(examples=["deadlock"])
    title: str = Field(description="One line of English.")
    lanes: list[int]
    resources: list[int]
    from_ns: int
    to_ns: int
    lines: list[int]
    inferred: bool
    details: dict[str, Any] = Field(description="The same facts apart; docs/tracing.md says which kind has which.")


class FindingsOut(BaseModel):
    """What was noticed in a run, first what explains why it does not end, then in order of time."""

    findings: list[FindingOut]
    known_ns: int = Field(description="What happened until then was looked through.")
    over: bool = Field(description="The run has ended: there will be no more.")


class CostOut(BaseModel):
    """What watching cost."""

    tracer_ns: int
    sampler_hz: float
    missed_switches: int
    cpu_hz: float = Field(description="How often a second CPU times were looked at; 0 where they can't be.")
    writer: Literal["c", "python", "both"] | None


class TimelineOut(BaseModel):
    """A run's folded trace. Times are ns since its start."""

    run: RunOut
    lanes: list[LaneOut]
    spans: list[SpanOut]
    resources: list[ResourceOut]
    holds: list[HoldOut]
    jobs: list[JobOut]
    levels: list[LevelOut]
    cpu: list[CpuOut]
    links: list[LinkOut]
    marks: list[MarkOut]
    output: list[OutputOut]
    findings: list[FindingOut]
    cost: CostOut
    dropped: Dropped
