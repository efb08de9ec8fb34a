/**
 * One run on the page: it is submitted or opened, its chunks come in, it ends. Live and recorded runs are one path.
 * @module
 */
import { NoRun, follow, get, pages } from "./feed.js";
import { Timeline } from "./fold.js";

/** @typedef {import("./feed.js").Run} Run */
/** @typedef {import("./chunk.js").Chunk} Chunk */
/** @typedef {"idle" | "sending" | "queued" | "starting" | "running" | "saving" | "loading" | "over"} Phase */
/** @typedef {{source: string, python: string | null, example: string | null, parent: string | null}} Wanted */

/** While a run is on, the server is asked for findings no more often, ms; the longer it takes, the more rarely. */
const LOOK_MS = 1200, RARELY = 10;
const TRIES = 4;

/** A request that was refused, as problem+json says it. */
export class Refused extends Error {
  /**
   * @param {string} title
   * @param {string} detail
   * @param {number} retryAfter seconds, 0 if it does not help to wait
   */
  constructor(title, detail, retryAfter) {
    super(title);
    this.detail = detail;
    this.retryAfter = retryAfter;
  }
}

/**
 * @param {string} url
 * @param {object} [body]
 * @returns {Promise<any>}
 * @throws {Refused}
 */
export async function post(url, body) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new Refused(answer.title ?? response.statusText, answer.detail ?? "", Number(response.headers.get("Retry-After") ?? 0));
}

/** The run that the page shows, if any. */
export class Session {
  timeline = new Timeline();
  /** @type {Run | null} */
  run = null;
  /** @type {Phase} */
  phase = "idle";
  /** The run's place in the queue, from 1; 0 when it is not known. */
  place = 0;
  /** How long until the next attempt to reach the server, 0 while it is reached. */
  reconnecting = 0;
  /** No such run, a deleted one, or a trace that can't be read. @type {"unknown" | "deleted" | "failed" | null} */
  problem = null;
  /** What was noticed so far. @type {import("./findings.js").Finding[]} */
  findings = [];
  /** @type {Chunk[]} */
  #queue = [];
  #next = 0;
  #ended = false;
  /** @type {{close: () => void} | null} */
  #feed = null;
  #opened = 0;
  #looks = 0;

  /** @param {() => void} changed called whenever there is something new to show */
  constructor(changed) {
    this.changed = changed;
  }

  /** Whether the run may still change. */
  get live() {
    return this.phase !== "idle" && this.phase !== "over" && this.phase !== "loading";
  }

  /**
   * Submits a program and follows its run.
   * @param {Wanted} wanted
   * @returns {Promise<{id: string, url: string}>}
   * @throws {Refused}
   */
  async submit(wanted) {
    const before = this.phase;
    this.phase = "sending";
    this.changed();
    try {
      const submitted = await post("/api/runs", wanted);
      this.#renew();
      this.phase = "queued";
      this.#follow(submitted.id);
      return submitted;
    } catch (problem) {
      this.phase = before;
      throw problem;
    } finally {
      this.changed();
    }
  }

  /**
   * Shows a run: live while it runs, else as it was recorded.
   * @param {Run} run
   */
  open(run) {
    this.#renew();
    this.run = run;
    if (run.state === "finished" || run.state === "lost") {
      this.phase = "loading";
      void this.#load(run, this.#opened);
    } else {
      this.#state(run);
      this.#follow(run.id);
    }
    this.changed();
  }

  /** Ends the run as its user wishes. */
  async stop() {
    if (this.run && this.live) await post(`/api/runs/${this.run.id}/stop`);
  }

  /**
   * Takes in chunks that have come, for about so long.
   * @param {number} budget ms
   * @returns {boolean} whether the timeline has changed
   */
  take(budget) {
    if (this.#next === this.#queue.length && !this.#ended) return false;
    const until = performance.now() + budget;
    let changed = false;
    while (this.#next < this.#queue.length && (!changed || performance.now() < until)) {
      this.timeline.apply(this.#queue[this.#next++]);
      changed = true;
    }
    if (this.#next < this.#queue.length) this.changed();
    else {
      this.#queue = [];
      this.#next = 0;
    }
    this.timeline.settle();
    if (this.run && this.phase === "starting" && this.timeline.order.length) this.#state(this.run);
    if (this.phase === "running" && this.timeline.lanes[1]?.end) this.phase = "saving";
    if (this.#ended && !this.#queue.length && this.run) {
      this.#ended = false;
      this.timeline.finish(Math.max(this.run.wall_ns ?? 0, this.run.state === "lost" ? this.timeline.known : 0));
      this.phase = "over";
      changed = true;
      this.#lookSoon(0);
    }
    return changed;
  }

  #renew() {
    this.#feed?.close();
    this.#feed = null;
    this.#opened++;
    this.#forget();
    this.run = this.problem = null;
    this.reconnecting = this.place = 0;
  }

  /**
   * Asks what was noticed, in a while.
   * @param {number} wait ms
   */
  #lookSoon(wait, tries = TRIES) {
    clearTimeout(this.#looks);
    this.#looks = setTimeout(() => void this.#look(this.#opened, tries), wait);
  }

  /**
   * @param {number} opened
   * @param {number} tries
   */
  async #look(opened, tries) {
    if (!this.run || opened !== this.#opened) return;
    const began = performance.now();
    const live = this.live;
    try {
      if (!live || !document.hidden) {
        const { findings, known_ns: known } = await (await get(`/api/runs/${encodeURIComponent(this.run.id)}/findings`)).json();
        if (opened !== this.#opened || live !== this.live) return;
        for (const finding of findings) if (live && finding.to_ns >= known) finding.to_ns = Infinity;
        if (JSON.stringify(findings) !== JSON.stringify(this.findings)) {
          this.findings = findings;
          this.changed();
        }
      }
      if (live) this.#lookSoon(Math.max(LOOK_MS, RARELY * (performance.now() - began)));
    } catch {
      // Too long to be looked through while it is on, or no connection: later, then.
      if (opened === this.#opened && live === this.live && tries) this.#lookSoon(2 * LOOK_MS, live ? tries : tries - 1);
    }
  }

  #forget() {
    this.timeline = new Timeline();
    this.findings = [];
    clearTimeout(this.#looks);
    this.#looks = 0;
    this.#queue = [];
    this.#next = 0;
    this.#ended = false;
  }

  /** @param {Run} run */
  #state(run) {
    this.run = run;
    if (run.state === "queued") this.phase = "queued";
    else if (run.state === "running") {
      this.phase = this.timeline.order.length ? "running" : "starting";
      if (this.phase === "running" && !this.#looks) this.#lookSoon(LOOK_MS);
    }
  }

  /**
   * @param {Run} run that has ended: over HTTP alone
   * @param {number} opened
   */
  async #load(run, opened) {
    try {
      for await (const chunks of pages(run.id, 0)) {
        if (opened !== this.#opened) return;
        this.#queue.push(...chunks);
        this.changed();
      }
      if (opened !== this.#opened) return;
      this.#ended = true;
    } catch (problem) {
      if (opened !== this.#opened) return;
      this.problem = problem instanceof NoRun ? problem.kind : "failed";
      this.phase = "over";
    }
    this.changed();
  }

  /** @param {string} id */
  #follow(id) {
    this.#feed = follow(id, {
      onHello: (run) => {
        this.reconnecting = 0;
        this.#state(run);
        this.changed();
      },
      onPlace: (place) => {
        this.place = place;
        this.changed();
      },
      onState: (run) => {
        this.#state(run);
        this.changed();
      },
      onChunks: (chunks) => {
        this.reconnecting = 0;
        this.#queue.push(...chunks);
        this.changed();
      },
      onReset: () => {
        this.#forget();
        this.changed();
      },
      onEnd: (run) => {
        this.run = run;
        this.#ended = true;
        this.changed();
      },
      onProblem: ({ kind, wait_ms: wait }) => {
        if (kind === "reconnecting") this.reconnecting = wait;
        else {
          this.problem = kind;
          this.phase = "over";
        }
        this.changed();
      },
    });
  }
}
