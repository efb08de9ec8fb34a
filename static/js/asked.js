/**
 * What the page needs only when somebody asks for it: it is loaded then.
 * @module
 */
export { OutlineView } from "./outline-view.js";
export { TotalsView } from "./totals-view.js";
export { WaitsView } from "./waits-view.js";
export { share } from "./share.js";
