/**
 * The recordings in tests/golden, as timelines.
 * @module
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseAll } from "../../static/js/chunk.js";
import { Timeline } from "../../static/js/fold.js";

const folder = fileURLToPath(new URL("../golden/", import.meta.url));

/**
 * @param {string} name of a recording
 * @param {number} [until] ns: as far as it is known then, still running
 */
export function recording(name, until = Infinity) {
  const timeline = new Timeline();
  for (const chunk of parseAll(readFileSync(`${folder}${name}.chunks`))) if (chunk.known <= until) timeline.apply(chunk);
  timeline.settle();
  if (until === Infinity) timeline.finish(JSON.parse(readFileSync(`${folder}${name}.timeline.json`, "utf8")).end_ns);
  return timeline;
}

/**
 * A lane by its name.
 * @param {Timeline} timeline
 * @param {string} name
 */
export function named(timeline, name) {
  const lane = timeline.order.find((each) => each.name === name);
  if (!lane) throw new Error(`there is no lane ${name}`);
  return lane;
}
