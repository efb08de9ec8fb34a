// Builds static/build: minified scripts and styles under names that carry a hash of their content, and
// manifest.json, which maps the plain names that templates use to those. Run by `make assets`.
import { createHash } from "node:crypto";
import { readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const fresh = join(root, "static/build.new");
const served = join(root, "static/build");

/** @param {string} name @param {string | Buffer} content @returns {Promise<string>} the name it was given */
async function emit(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  const kind = extname(name);
  const hashed = `${basename(name, kind)}-${hash}${kind}`;
  await writeFile(join(fresh, hashed), content);
  return hashed;
}

/** Every icon that a template or script asks for with icon("name"), as one sprite of symbols. */
async function sprite() {
  /** @type {Set<string>} */
  const names = new Set();
  for (const folder of ["templates", "static/js"]) {
    for (const file of await readdir(join(root, folder), { recursive: true })) {
      if (![".html", ".js"].includes(extname(file))) continue;
      const text = await readFile(join(root, folder, file), "utf8");
      for (const [, name] of text.matchAll(/\bicon\(["']([a-z0-9-]+)["']/g)) names.add(name);
    }
  }
  const symbols = [];
  for (const name of [...names].sort()) {
    const svg = await readFile(join(root, `node_modules/lucide-static/icons/${name}.svg`), "utf8");
    const inside = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${inside.replace(/\s*\n\s*/g, "")}</symbol>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

await rm(fresh, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["static/js/main.js", "static/js/theme.js", "static/css/page.css", "static/css/later.css"],
  outdir: fresh,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  format: "esm",
  splitting: true,
  minify: true,
  target: "es2022",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

/** @type {Record<string, string>} */
const manifest = {};
for (const [path, { entryPoint, imports }] of Object.entries(metafile.outputs)) {
  if (!entryPoint?.startsWith("static/")) continue;
  manifest[basename(entryPoint)] ??= basename(path);
  if (basename(entryPoint) !== "main.js") continue;
  // What it imports is named on the page, so that a browser need not read it first.
  imports.filter(({ kind }) => kind === "import-statement").forEach((each, index) => (manifest[`main.${index}.js`] = basename(each.path)));
}
manifest["htmx.js"] = await emit("htmx.js", await readFile(join(root, "node_modules/htmx.org/dist/htmx.min.js")));
manifest["icons.svg"] = await emit("icons.svg", await sprite());
await writeFile(join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
// Compressed once, as far as it goes: for every answer anew there is no time for that.
for (const name of await readdir(fresh)) {
  if (name !== "manifest.json") await writeFile(join(fresh, `${name}.br`), brotliCompressSync(await readFile(join(fresh, name))));
}

// Swapped in whole, so that a server never reads a half-made folder.
await rm(served, { recursive: true, force: true });
await rename(fresh, served);
