/**
 * The tour: four cards beside what they tell of. It begins on the first visit, can be skipped, and is found again under help.
 * @module
 */
import { button, byId, make, memory } from "./dom.js";
import { number, t } from "./text.js";

/** Of the viewport, CSS px. */
const EDGE = 10;

/** @returns {{target: string, title: string, text: string}[]} */
function steps() {
  return [
    { target: "run", title: t("Run a program"), text: t("Write one, or choose an example. It runs for real, in a sandbox, and you watch it live.") },
    { target: "stage", title: t("A lane for each process, thread and task"), text: t("Blue runs, stripes and dots wait: the legend below says for what. Click anything to see why it is so.") },
    { target: "transport", title: t("Go back and forth in time"), text: t("Play it slowly, step from event to event, or drag the hand on the axis. The editor shows who is on which line.") },
    { target: "saying", title: t("Read what is going on"), text: t("Who runs, who holds what, who waits for whom. “Why?” draws the whole chain; “Totals” adds up who lost how much time.") },
  ];
}

/** The cards. */
export class Tour {
  #at = 0;
  #steps = steps();
  #card = make("aside", { class: "tour", "aria-label": t("Tour") });
  #place = () => this.#put();

  /** @param {boolean} asked somebody has asked for it: it takes the focus */
  begin(asked) {
    byId("work").before(this.#card);
    addEventListener("resize", this.#place);
    addEventListener("scroll", this.#place, { passive: true });
    this.#card.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.#end();
    });
    this.#show(0, asked);
  }

  /**
   * @param {number} index
   * @param {boolean} focus
   */
  #show(index, focus) {
    this.#leave();
    this.#at = index;
    const last = index === this.#steps.length - 1;
    const { title, text } = this.#steps[index];
    const next = button(last ? t("Done") : t("Next"), "button primary small", () => (last ? this.#end() : this.#show(index + 1, true)));
    const back = index ? [button(t("Back"), "button small", () => this.#show(index - 1, true))] : [];
    const skip = last ? [] : [button(t("Skip"), "text-button", () => this.#end())];
    const count = make("small", {}, t("{n} of {all}", { n: number(index + 1, 0), all: number(this.#steps.length, 0) }));
    this.#card.replaceChildren(make("h2", {}, title), make("p", {}, text), make("div", {}, count, ...skip, ...back, next));
    this.#target.dataset.toured = "";
    if (focus) {
      if (matchMedia("(width <= 760px)").matches) this.#target.scrollIntoView({ block: "center" });
      next.focus();
    }
    this.#put();
  }

  get #target() {
    return byId(this.#steps[this.#at].target);
  }

  /** Puts the card where it covers nothing of what it tells. */
  #put() {
    const { left, top, bottom, height } = this.#target.getBoundingClientRect();
    const { offsetWidth, offsetHeight, style } = this.#card;
    const below = bottom + EDGE + offsetHeight < innerHeight;
    const y = height > innerHeight / 3 ? top + height - offsetHeight - 2 * EDGE : below ? bottom + EDGE : top - offsetHeight - EDGE;
    style.left = `${Math.max(EDGE, Math.min(left + 2 * EDGE, innerWidth - offsetWidth - EDGE))}px`;
    style.top = `${Math.max(EDGE, Math.min(y, innerHeight - offsetHeight - EDGE))}px`;
  }

  #leave() {
    delete this.#target.dataset.toured;
  }

  #end() {
    this.#leave();
    memory.set("toured", true);
    removeEventListener("resize", this.#place);
    removeEventListener("scroll", this.#place);
    this.#card.remove();
  }
}
