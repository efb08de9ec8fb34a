/**
 * The words that layout, tiles, draw and the page share, and the address of a view. Pixels are CSS pixels, times ns since the run's zero.
 * @module
 */

/**
 * What the reader looks at. The page owns it and changes it; layout and draw read it.
 * @typedef {object} View
 * @property {number} from visible time
 * @property {number} to
 * @property {number} width of the canvas
 * @property {number} height of the canvas
 * @property {number} dpr device pixels per CSS pixel
 * @property {number} scrollTop how far the rows are scrolled
 * @property {number} playhead the time shown
 * @property {boolean} live the run still grows and the playhead is at its end: no veil
 * @property {Set<number>} folded lanes whose children are hidden
 * @property {Set<number>} opened process lanes whose internal lanes are shown
 * @property {import("./arrange.js").Arrangement} [arranged] how the reader wants the lanes
 * @property {Hit | null} hovered
 * @property {Hit | null} selected
 * @property {import("./findings.js").Finding[]} findings
 * @property {import("./findings.js").Finding | null} finding the one that is selected
 */

/**
 * What is at a point of the canvas.
 * @typedef {object} Hit
 * @property {"map" | "axis" | "lane" | "span" | "gil" | "runs" | "cpu" | "level" | "holds" | "internal" | "group" | "link" | "mark" | "ending" | "empty"} part
 *   map: the minimap · axis · lane: a row's label · span, gil, runs, cpu, level, holds: what is drawn in a row · internal: the row
 *   that opens internal lanes of process `lane` · group: the heading places.list[index] · link · mark: timeline.marks[index] · ending: how `lane` ended · empty
 * @property {number} t the time there (on the minimap: of the whole run)
 * @property {number} lane 0 if none
 * @property {number} resource of a gil, level or holds row, else 0
 * @property {number} index of the span in lanes[lane].spans, of the mark in timeline.marks, of the link in lanes[lane].links, else -1
 * @property {boolean} fold the point is on the arrow that folds the row
 */

/**
 * One row on screen, from y to y + height on the canvas.
 * @typedef {object} Row
 * @property {import("./rows.js").Place["type"]} type
 * @property {import("./store.js").Lane | null} lane as a place has it
 * @property {import("./store.js").Resource | null} resource of a gil, level or holds row
 * @property {number} y
 * @property {number} height
 * @property {number} indent
 * @property {string} label
 * @property {string} note the state at the playhead, pid, or level
 * @property {number} look of the note
 * @property {boolean | null} open whether children are shown; null: there are none
 * @property {number[]} spans indexes of the spans that are drawn as they are
 * @property {number[]} dense pairs of times: what is between is drawn from tiles
 */

/**
 * A link in view, from point to point.
 * @typedef {object} Arrow
 * @property {number} kind number of names.LINKS
 * @property {number} x0
 * @property {number} y0
 * @property {number} x1
 * @property {number} y1
 * @property {number} lane where it arrives: lanes[lane].links
 * @property {number} index
 * @property {boolean} bright of the hovered or selected lane
 */

/**
 * Where everything is; made by layout for one frame.
 * @typedef {object} Model
 * @property {number} left width of the labels' column
 * @property {number} mapHeight
 * @property {number} top where the rows begin, below minimap and axis
 * @property {number} contentHeight of all rows: the most that scrollTop can be is contentHeight - (height - top)
 * @property {Row[]} rows that are in sight, from top to bottom
 * @property {number} rowCount of all rows
 * @property {import("./rows.js").Places} places of all rows, seen or not; y counts from rowsTop
 * @property {number} rowsTop where the first row is on the canvas, which may be above it
 * @property {Arrow[]} arrows
 * @property {boolean} crowded more links are in view than are drawn
 * @property {{x: number, label: string}[]} ticks
 * @property {{x: number, y: number, index: number}[]} marks
 * @property {number} scale pixels per ns
 * @property {number} zero x of the run's zero
 * @property {(t: number) => number} x
 * @property {(x: number) => number} t
 */

/**
 * The view that a link asks for; NaN where it asks for nothing, or for nonsense.
 * @param {string} hash
 */
export function viewOf(hash) {
  const wanted = new URLSearchParams(hash.slice(1));
  const of = (/** @type {string} */ name) => (/^\d{1,18}$/.test(wanted.get(name)?.replace(/^-/, "") ?? "") ? Number(wanted.get(name)) : NaN);
  return { t: of("t"), from: of("from"), to: of("to"), lane: of("lane") };
}
