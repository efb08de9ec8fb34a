"""Settings: everything that may differ from one installation to the next, read once from the environment.

Every name has the prefix INTERLEAVE_; HOST and PORT also work without it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.core.run import Limits

VERSION = "0.1.0"
ROOT = Path(__file__).resolve().parent.parent


MOST_BOXES = 64


def machine_boxes() -> int:
    """As many boxes as this machine, or the container around it, has cores, and half of its memory room for."""
    cores = float(len(os.sched_getaffinity(0)))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    quota, period = [*_limit("cpu.max"), "max", "max"][:2]
    if quota.isdigit() and period.isdigit():
        cores = min(cores, int(quota) / int(period))
    if (most := "".join(_limit("memory.max")[:1])).isdigit():
        memory = min(memory, int(most))
    limits = Limits()
    box = limits.memory_bytes + limits.tmp_bytes + limits.shm_bytes + limits.log_bytes
    return max(1, min(int(cores), memory // 2 // box, MOST_BOXES))


def _limit(name: str) -> list[str]:
    try:
        return Path("/sys/fs/cgroup", name).read_text().split()
    except OSError:
        return []  # no such control group, and so no such limit


class Settings(BaseSettings):
    """Frozen. One URL or name for every seam; a bound for everything that could grow."""

    model_config = SettingsConfigDict(
        env_prefix="INTERLEAVE_", env_nested_delimiter="__", frozen=True, extra="ignore", populate_by_name=True
    )

    host: str = Field(
        "127.0.0.1", validation_alias=AliasChoices("INTERLEAVE_HOST", "HOST"), description="Address to listen on."
    )
    port: int = Field(
        8000,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("INTERLEAVE_PORT", "PORT"),
        description="Port to listen on; 0 takes a free one.",
    )
    log: Literal["text", "json"] = Field(
        "text", description="How the log is written: text, or json for one object a line."
    )
    trusted_proxies: str = Field(
        "127.0.0.1", description="Addresses whose X-Forwarded-For names the client, separated by commas; * for any."
    )
    store: str = Field(
        "sqlite:///var", description="Where runs live: sqlite:/// and a folder, or memory: for runs that end with it."
    )
    sandbox: Literal["bubblewrap", "gvisor", "none"] = Field(
        "bubblewrap",
        description="What keeps programs in: bubblewrap; gvisor, for strangers' programs; none, if you trust all.",
    )
    pythons: str = Field(
        "", description="More interpreters to look at, separated as in PATH; the usual places are looked at anyway."
    )
    accelerator: bool = Field(True, description="Whether programs are traced in C where that can be built.")
    boxes: int = Field(
        default_factory=machine_boxes,
        ge=1,
        le=MOST_BOXES,
        description="How many programs run at the same time; by default one a core, as far as half of the memory goes.",
    )
    warm: int = Field(
        default_factory=machine_boxes,
        ge=0,
        le=MOST_BOXES,
        description="How many more boxes wait for programs, started and with the usual imports done; 0 for none.",
    )
    limits: Limits = Field(
        default_factory=Limits, description="What one run may use; INTERLEAVE_LIMITS__WALL_NS and so on."
    )
    quota_runs: int = Field(30, ge=1, description="Runs that one client may start in a burst.")
    quota_seconds: float = Field(60, gt=0, description="Seconds in which a used-up quota is whole again.")
    queue: int = Field(100, ge=1, description="Runs that may wait at the same time.")
    queue_per_client: int = Field(10, ge=1, description="Runs of one client that may wait at the same time.")
    retain_days: float = Field(90, gt=0, description="Days that runs are kept which nobody has shared.")
    retain_bytes: int = Field(
        10 << 30, ge=0, description="How much all programs and traces may take; the oldest go first, shared ones last."
    )
    free_bytes: int = Field(
        256 << 20,
        ge=0,
        description="How much of its disk must be free for a run to be taken: others have to end there.",
    )
    timeline_cache_bytes: int = Field(64 << 20, ge=0, description="Memory for folded timelines.")
    viewers: int = Field(5000, ge=1, description="Streams that may be open at the same time.")
    viewers_per_client: int = Field(500, ge=1, description="Streams of one client that may be open at the same time.")
    viewer_patience_s: float = Field(
        2, gt=0, description="Seconds that sending one batch to a viewer may take before it is told to resume."
    )
