/**
 * Finding in a run: Enter goes to the first thing found, again to the next, with Shift to the previous.
 * @module
 */
import { toast } from "./dom.js";
import { t } from "./text.js";
import { find } from "./walk.js";

/**
 * @param {HTMLInputElement} field
 * @param {import("./stage.js").Stage} stage
 * @param {(hit: import("./view.js").Hit) => void} visit
 */
export function finder(field, stage, visit) {
  let last = { query: "", at: -1 };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      field.value = "";
      stage.canvas.focus();
    }
    if (event.key !== "Enter") return;
    const query = field.value, hits = find(stage.timeline, query);
    if (!hits.length) return toast(t("Nothing found"));
    const step = event.shiftKey ? hits.length - 1 : 1;
    last = { query, at: last.query === query ? (last.at + step) % hits.length : 0 };
    visit(hits[last.at]);
  });
}
