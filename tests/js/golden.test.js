import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseAll } from "../../static/js/chunk.js";
import { Timeline } from "../../static/js/fold.js";
import { toJSON } from "./json.js";

/** Other recordings than the golden ones may be named. */
const folder = process.env.GOLDEN ? `${process.env.GOLDEN}/` : fileURLToPath(new URL("../golden/", import.meta.url));
const FACTS = /** @type {const} */ (["lanes", "spans", "resources", "holds", "jobs", "levels", "cpu", "links", "marks", "output"]);

/**
 * Facts without their order and that of their fields.
 * @param {Record<string, unknown>[]} facts
 */
function sorted(facts) {
  return facts.map((fact) => JSON.stringify(fact, Object.keys(fact).sort())).sort();
}

for (const file of readdirSync(folder).filter((name) => name.endsWith(".chunks"))) {
  const name = file.replace(".chunks", "");
  const chunks = parseAll(readFileSync(`${folder}${file}`));
  const { end_ns: end, ...said } = JSON.parse(readFileSync(`${folder}${name}.timeline.json`, "utf8"));

  for (const [how, every] of /** @type {const} */ ([["whole", chunks.length], ["chunk by chunk", 1]])) {
    test(`the golden recording ${name}, ${how}, folds to the facts that the server says`, () => {
      const timeline = new Timeline();
      chunks.forEach((chunk, index) => {
        timeline.apply(chunk);
        if ((index + 1) % every === 0) timeline.settle();
      });
      timeline.finish(end);
      const told = toJSON(timeline);
      for (const facts of FACTS) assert.deepEqual(sorted(told[facts]), sorted(said[facts]), facts);
    });
  }

  test(`the golden recording ${name} folds to the same facts when its chunks come in any order`, () => {
    const timeline = new Timeline();
    for (const chunk of [...chunks].reverse()) {
      timeline.apply(chunk);
      timeline.settle();
    }
    timeline.finish(end);
    const told = toJSON(timeline);
    for (const facts of /** @type {const} */ (["spans", "holds", "links"])) {
      assert.deepEqual(sorted(told[facts]), sorted(said[facts]), facts);
    }
  });
}
