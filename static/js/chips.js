/**
 * "Who is here" in the editor: the lanes that are on a line at the playhead, three and "+n".
 * @module
 */
import { RangeSet, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";
import { LOOK } from "./names.js";
import { lastNumber } from "./text.js";

/**
 * @typedef {object} Here
 * @property {{line: number, chips: {name: string, look: number}[]}[]} lines who is on which line
 * @property {number} raised the line that an exception came from, 0 if none
 * @property {number} shown the line of the lane that the reader follows, 0 if none
 */

const MOST = 3;
const LETTERS = 14;
const CLASSES = ["", "sleeps", "runs", "wants", "awaits", "locked", "waits", "io", "sleeps", "awaits"];

/** @type {import("@codemirror/state").StateEffectType<Here>} */
export const setChips = StateEffect.define();

class Chips extends WidgetType {
  /** @param {{name: string, look: number}[]} chips */
  constructor(chips) {
    super();
    this.chips = chips;
  }

  /**
   * @override
   * @param {Chips} other
   */
  eq(other) {
    return this.chips.length === other.chips.length
      && this.chips.every(({ name, look }, index) => name === other.chips[index].name && look === other.chips[index].look);
  }

  /** @override */
  toDOM() {
    const frame = document.createElement("span"), box = document.createElement("span");
    frame.className = "chips";
    frame.append(box);
    const add = (/** @type {string} */ text, /** @type {string} */ kind) => {
      const chip = document.createElement("span");
      chip.className = `chip ${kind}`;
      chip.textContent = text;
      box.append(chip);
    };
    const shown = this.chips.length > MOST ? this.chips.slice(0, MOST) : this.chips;
    for (const { name, look } of shown) {
      const end = lastNumber(name);
      add(name.length > LETTERS ? `${name.slice(0, LETTERS - end.length - 1)}…${end}` : name, CLASSES[look] ?? "");
    }
    if (this.chips.length > MOST) add(`+${this.chips.length - MOST}`, "more");
    return frame;
  }
}

/** The extension. */
export const chips = StateField.define({
  create: () => /** @type {RangeSet<Decoration>} */ (Decoration.none),
  update: (marks, transaction) => {
    for (const effect of transaction.effects) {
      if (effect.is(setChips)) return decorations(transaction.state.doc, effect.value);
    }
    return marks.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/**
 * @param {import("@codemirror/state").Text} doc
 * @param {Here} here
 */
function decorations(doc, { lines, raised, shown }) {
  const found = [];
  if (shown > 0 && shown <= doc.lines) found.push(Decoration.line({ class: "here-shown" }).range(doc.line(shown).from));
  if (raised > 0 && raised <= doc.lines) found.push(Decoration.line({ class: "here-raised" }).range(doc.line(raised).from));
  for (const { line, chips: who } of lines) {
    if (line > doc.lines) continue;
    const { from, to } = doc.line(line);
    const kind = who.some(({ look }) => look === LOOK.RUNNING) ? "here-runs" : "here-waits";
    if (line !== raised) found.push(Decoration.line({ class: kind }).range(from));
    found.push(Decoration.widget({ widget: new Chips(who), side: 1 }).range(to));
  }
  return Decoration.set(found, true);
}
