/**
 * The program on the page: its draft, its editor, and its runs.
 * @module
 */
import { byId, toast } from "./dom.js";
import { draftOf, keep, keyOf, latestDraft } from "./drafts.js";
import { Refused } from "./session.js";
import { t } from "./text.js";

/** @typedef {import("./editor.js").Editor} Editor */

const KEEP_MS = 400;
const OWN = "interleave.own";

/** @param {string} id */
function own(id) {
  return (sessionStorage.getItem(OWN) ?? "").split(" ").includes(id);
}

/** Whether the program stands beside the timeline, so that scrolling to a line does not scroll that away. */
export function wide() {
  return matchMedia("(width > 760px)").matches;
}

/** What is written, what was run, and whether it may be changed. */
export class Program {
  /** @type {Editor | null} */
  editor = null;
  /** The line that an exception came from, 0 if none. */
  raised = 0;
  /** The program of the run that is shown. */
  ran = "";
  /** Why the server does not run it now, and from when on it may (performance.now()). @type {{text: string, until: number} | null} */
  refusal = null;
  #marked = "";
  #keeping = 0;

  /**
   * @param {any} data what the server says of the page
   * @param {import("./session.js").Session} session
   * @param {() => void} changed
   */
  constructor(data, session, changed) {
    this.data = data;
    this.session = session;
    this.changed = changed;
    /** What the page began with. */
    this.original = this.source = this.taught = String(data.source);
    this.parent = /** @type {string | null} */ (data.parent);
    this.draftKey = keyOf(data);
    /** The program may be changed; a permalink's only after "Edit and rerun". */
    this.editable = !data.run || own(data.run.id);
    if (data.run) {
      this.ran = this.original;
      if (this.editable) this.source = draftOf(this.draftKey) ?? this.original;
    } else {
      const asked = new URLSearchParams(location.search);
      const latest = asked.has("example") || asked.has("run") ? null : latestDraft();
      if (latest?.key.startsWith("run:")) this.parent = latest.key.slice(4);
      if (latest) this.draftKey = latest.key;
      this.source = latest?.source ?? draftOf(this.draftKey) ?? this.original;
    }
    this.#written();
  }

  /** Whether the timeline shows the program as it is written now. */
  get same() {
    return this.source === this.ran;
  }

  /** Whether this is still the example that a lesson is about: at least half of its lines are there. */
  get example() {
    const now = new Set(this.source.split("\n")), lines = this.taught.split("\n").filter((line) => line.trim());
    return this.data.lesson && lines.filter((line) => now.has(line)).length * 2 >= lines.length ? this.data.example : null;
  }

  /** Fetches the editor. */
  async begin() {
    const { editor } = await import("./editor.js");
    byId("plain").remove();
    const { source, editable, data } = this;
    this.editor = editor(byId("editor"), {
      source, nonce: data.nonce, editable, onChange: (text) => this.write(text), onRun: () => void this.run(),
    });
    this.changed();
  }

  /** @param {string} text the program as it is now */
  write(text) {
    this.source = text;
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => this.editable && keep(this.draftKey, this.source, this.original), KEEP_MS);
    this.#written();
    this.changed();
  }

  #written() {
    byId("revert").hidden = this.source === this.original;
    const { lesson, run } = this.data, taught = this.example !== null;
    byId("lesson").hidden = !taught;
    byId("bar-title").textContent = taught ? lesson.title : run ? t("Run {id}", { id: run.id }) : "";
    byId("stdin").hidden = !/\binput\s*\(|\bstdin\b/.test(this.source);
    const edited = byId("edited");
    edited.hidden = !this.ran || this.same;
    edited.textContent = t("Changed since this run: the timeline shows the program as it was run.");
  }

  revert() {
    this.editor?.replace(this.original);
  }

  /** Lets the reader change somebody else's program. */
  edit() {
    this.editable = true;
    this.editor?.allow(true);
    const draft = draftOf(this.draftKey);
    if (draft !== null && draft !== this.source) this.editor?.replace(draft);
    this.editor?.focus();
    this.changed();
  }

  /** Runs what is written. @returns {Promise<boolean>} whether it was taken */
  async run() {
    const { session, data } = this;
    if (session.live || data.sandbox.reason !== null) return false;
    this.refusal = null;
    const source = this.editor?.source() ?? this.source;
    const python = byId("python", HTMLSelectElement).value || null;
    try {
      const { id, url } = await session.submit({ source, python, example: this.example, parent: this.parent });
      sessionStorage.setItem(OWN, `${sessionStorage.getItem(OWN) ?? ""} ${id}`);
      history.pushState(null, "", url);
      document.title = `${t("Run {id}", { id })} · Interleave`;
      this.ran = this.original = source;
      this.parent = id;
      this.draftKey = `run:${id}`;
      this.editable = true;
      this.raised = 0;
      this.write(source);
      return true;
    } catch (problem) {
      if (!(problem instanceof Refused)) {
        toast(t("The server can't be reached."), true);
        return false;
      }
      const said = `${t(problem.message)}${problem.detail ? `: ${problem.detail}` : ""}.`;
      if (problem.retryAfter) this.refusal = { text: said, until: performance.now() + problem.retryAfter * 1000 };
      else toast(said, true);
      this.changed();
      return false;
    }
  }

  /**
   * Marks who is on which line, and keeps the followed lane's line in sight where that moves nothing but the editor.
   * @param {import("./chips.js").Here} here
   */
  mark(here) {
    const key = JSON.stringify(here);
    if (!this.editor || key === this.#marked) return;
    this.#marked = key;
    this.editor.mark(here, wide());
  }
}
