/**
 * Which part of a run is in view: zooming, panning and following, as plain arithmetic on a View.
 * @module
 */

/** @typedef {import("./view.js").View} View */

/** The closest look, ns. */
const CLOSEST = 1000;
/** An empty run looks as long as this, ns. */
const SHORTEST = 1e6;
/** Share of the run that may be seen before its start and after its end. */
const MARGIN = 0.02;
/** While a run grows, the view grows in steps, so that drawn tiles stay of use. */
const GROWTH = 1.3;
const ROOM = 1.06;

/**
 * Shows this range, as far as there is something to see.
 * @param {Pick<View, "from" | "to">} view
 * @param {number} end of the run
 * @param {number} from
 * @param {number} to
 */
export function range(view, end, from, to) {
  const whole = Math.max(end, SHORTEST);
  const least = -whole * MARGIN, most = whole * (1 + MARGIN);
  const length = Math.min(Math.max(to - from, CLOSEST), most - least);
  const middle = (from + to) / 2;
  view.from = Math.min(Math.max(middle - length / 2, least), most - length);
  view.to = view.from + length;
}

/**
 * Shows everything that happened.
 * @param {Pick<View, "from" | "to">} view
 * @param {number} end
 * @param {number} start the first lane's
 */
export function fit(view, end, start) {
  const length = Math.max(end - start, SHORTEST);
  view.from = start - length * MARGIN;
  view.to = start + length * (1 + MARGIN);
}

/**
 * @param {Pick<View, "from" | "to">} view
 * @param {number} end
 * @param {number} factor below 1 zooms in
 * @param {number} at the time that stays where it is
 */
export function zoom(view, end, factor, at) {
  const length = Math.max((view.to - view.from) * factor, CLOSEST);
  const share = (at - view.from) / (view.to - view.from);
  const from = at - share * length;
  range(view, end, from, from + length);
}

/**
 * The time at x, exactly. What is drawn stands on whole pixels, and a zoom by what is drawn would lose its point step by step.
 * @param {Pick<View, "from" | "to" | "width">} view
 * @param {number} left where lanes begin
 * @param {number} x
 */
export function timeAt(view, left, x) {
  return view.from + ((x - left) / (view.width - left)) * (view.to - view.from);
}

/**
 * @param {Pick<View, "from" | "to">} view
 * @param {number} end
 * @param {number} by ns
 */
export function pan(view, end, by) {
  range(view, end, view.from + by, view.to + by);
}

/**
 * Makes room for a run that grows: all of it is in view.
 * @param {Pick<View, "from" | "to">} view
 * @param {number} end
 * @param {number} start the first lane's
 */
export function grow(view, end, start) {
  const needed = Math.max(end - start, 50 * SHORTEST) * ROOM;
  const length = view.to - start;
  const shown = length < needed || length > needed * GROWTH * GROWTH ? needed * GROWTH : length;
  view.from = start - shown * MARGIN;
  view.to = start + shown;
}

/**
 * Moves the view, if it must, so that a time is in it.
 * @param {Pick<View, "from" | "to">} view
 * @param {number} end
 * @param {number} t
 * @param {number} [right] share of the view that it may reach
 */
export function reveal(view, end, t, right = 0.92) {
  const length = view.to - view.from;
  if (t > view.from + right * length) pan(view, end, t - (view.from + right * length));
  else if (t < view.from + 0.04 * length) pan(view, end, t - (view.from + 0.04 * length));
}

/**
 * Shows a span with a little around it.
 * @param {Pick<View, "from" | "to">} view
 * @param {number} end
 * @param {number} from
 * @param {number} to
 */
export function enclose(view, end, from, to) {
  const around = Math.max(to - from, CLOSEST / 2) * 0.6;
  range(view, end, from - around, to + around);
}
