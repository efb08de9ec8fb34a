/**
 * Marks that the reader has set at times of the run: little flags on the axis that lead back there.
 * @module
 */
import { button } from "./dom.js";
import { moment, t } from "./text.js";

/** @typedef {import("./view.js").Model} Model */

/** The flags of one run. */
export class Flags {
  /** @type {{t: number, element: HTMLElement}[]} */
  #flags = [];

  /**
   * @param {HTMLElement} box around the canvas
   * @param {(t: number) => void} seek
   */
  constructor(box, seek) {
    this.box = box;
    this.seek = seek;
  }

  /**
   * Sets a flag, or takes away the one that is there.
   * @param {number} time
   * @param {number} near ns that count as the same place
   */
  toggle(time, near) {
    const index = this.#flags.findIndex((flag) => Math.abs(flag.t - time) <= near);
    if (index >= 0) {
      this.#flags.splice(index, 1)[0].element.remove();
      return;
    }
    const element = button("", "flag", () => this.seek(time));
    element.title = element.ariaLabel = t("Mark at {time}", { time: moment(time) });
    this.box.append(element);
    this.#flags.push({ t: time, element });
  }

  clear() {
    for (const { element } of this.#flags) element.remove();
    this.#flags = [];
  }

  /**
   * Puts the flags where their times are.
   * @param {Model} model
   */
  place(model) {
    for (const { t: time, element } of this.#flags) {
      const x = model.x(time);
      element.hidden = x < model.left;
      element.style.transform = `translate(${x}px, ${model.mapHeight}px)`;
    }
  }
}
