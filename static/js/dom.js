/**
 * The few things that the page does with elements. Text reaches the page only as text.
 * @module
 */
import { moment, t } from "./text.js";

/** @typedef {import("./text.js").Part} Part */

/**
 * The element with this id, which the template promises.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [type]
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof (type ?? HTMLElement))) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (element);
}

/**
 * A new element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * A button.
 * @param {string | Node} label
 * @param {string} classes
 * @param {() => void} action
 */
export function button(label, classes, action) {
  const element = make("button", { type: "button", class: classes }, label);
  element.addEventListener("click", action);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * An icon from the sprite; the text beside it says what it means.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${byId("icons").dataset.sprite}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Changes a button's icon.
 * @param {HTMLElement} element
 * @param {SVGElement} fresh
 */
export function setIcon(element, fresh) {
  element.querySelector(".icon")?.replaceWith(fresh);
}

/**
 * Parts of a sentence as nodes: lanes bold or, like lines and times, as buttons that lead there.
 * @param {Part[]} parts
 * @param {(part: Exclude<Part, string>) => void} [go]
 * @returns {(Node | string)[]}
 */
export function nodes(parts, go) {
  return parts.map((part) => {
    if (typeof part === "string") return part;
    const label = "lane" in part ? part.name : "line" in part ? t("line {n}", { n: part.line }) : moment(part.t);
    if (go) return button(label, "link", () => go(part));
    return "lane" in part ? make("b", part.runs ? { class: "runs" } : {}, label) : label;
  });
}

/**
 * Fills an element unless it says so already: a live region must not repeat itself.
 * @param {HTMLElement} element
 * @param {string} key
 * @param {() => (Node | string)[]} content
 */
export function fill(element, key, content) {
  if (element.dataset.said === key) return false;
  element.dataset.said = key;
  element.replaceChildren(...content());
  return true;
}

/**
 * Parts as one text, to tell whether they have changed.
 * @param {Part[]} parts
 */
export function plain(parts) {
  return parts.map((part) => (typeof part === "string" ? part : JSON.stringify("lane" in part ? [part.lane.id, part.name] : part))).join("");
}

/**
 * Says something for a moment.
 * @param {string} text
 * @param {boolean} [bad]
 */
export function toast(text, bad = false) {
  const box = byId("toasts");
  const element = make("div", { class: bad ? "toast bad" : "toast" }, text);
  box.append(element);
  while (box.children.length > 3) box.firstElementChild?.remove();
  setTimeout(() => element.remove(), bad ? 9000 : 4500);
}

/**
 * What is remembered between visits; without storage, nothing is.
 */
export const memory = {
  /**
   * @param {string} key
   * @returns {any} null if there is nothing
   */
  get(key) {
    try {
      return JSON.parse(localStorage.getItem(`interleave.${key}`) ?? "null");
    } catch {
      return null;
    }
  },
  /**
   * @param {string} key
   * @param {unknown} value null forgets
   */
  set(key, value) {
    try {
      if (value === null) localStorage.removeItem(`interleave.${key}`);
      else localStorage.setItem(`interleave.${key}`, JSON.stringify(value));
    } catch {
      // Storage may be full or forbidden: then the page works without a memory.
    }
  },
};
