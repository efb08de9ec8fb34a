/**
 * What the page needs only when somebody looks for it: it is loaded then, so that the timeline comes sooner.
 * @module
 */
export { Notices } from "./notices.js";
export { OutlineView } from "./outline-view.js";
