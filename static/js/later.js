/**
 * What the page needs only when its first picture is there: it is loaded then, so that the timeline comes sooner.
 * @module
 */
export { Notices } from "./notices.js";
export { Panels } from "./panels.js";
export { RunView } from "./run-view.js";
