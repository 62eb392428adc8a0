// Bundles src/ into the folder given as first argument: hashed names, manifest.json, LICENSES.txt.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { build } from "esbuild";

const here = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
const output = process.argv[2] ?? join(here, "..", "xinglin_portal", "static", "dist");
const entries = ["portal", "editor", "gallery", "upload", "wecom"];

// WeUI is drawn in px. In rem it follows the large-text switch, which is nothing but a larger root font.
const remFromPx = {
  name: "rem-from-px",
  setup(bundler) {
    bundler.onLoad({ filter: /weui[\\/]dist[\\/].*\.css$/ }, async ({ path }) => {
      const css = await readFile(path, "utf8");
      const contents = css
        .replace(/calc\(1px \*/g, "calc(.0625rem *")
        .replace(/@media[^{]*|url\([^)]*\)|(-?\d*\.?\d+)px\b/g, (whole, number) =>
          number === undefined || Math.abs(number) < 2 ? whole : `${Number(number) / 16}rem`);
      return { contents, loader: "css" };
    });
  },
};

async function bundle() {
  const result = await build({
    absWorkingDir: here,
    entryPoints: entries.map((name) => `src/${name}.js`),
    bundle: true,
    minify: true,
    metafile: true,
    outdir: output,
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    target: ["es2020", "safari14.1", "chrome80"],
    legalComments: "none",
    charset: "utf8",
    loader: { ".svg": "dataurl" },
    plugins: [remFromPx],
    logLevel: "warning",
  });
  return result.metafile;
}

async function copyHashed(source) {
  const body = await readFile(join(here, source));
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 8).toUpperCase();
  const file = basename(source).replace(/(\.[^.]+)$/, `-${hash}$1`);
  await writeFile(join(output, file), body);
  return file;
}

function packagesIn(metafile) {
  const names = Object.keys(metafile.inputs)
    .map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
    .filter(Boolean);
  return [...new Set(names)].sort();
}

async function licenceOf(name) {
  const folder = join(here, "node_modules", name);
  const facts = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? await readFile(join(folder, file), "utf8") : `Licence: ${facts.license} (${facts.homepage ?? ""})`;
  return `${name} ${facts.version}\n\n${text.trim()}\n`;
}

await rm(output, { recursive: true, force: true });
await mkdir(output, { recursive: true });
const metafile = await bundle();
const manifest = {};
for (const file of Object.keys(metafile.outputs)) {
  const name = basename(relative(here, join(here, file)));
  manifest[name.replace(/-[0-9A-Z]{8}(\.\w+)$/, "$1")] = name;
}
manifest["icons.svg"] = await copyHashed("src/icons.svg");
const licences = await Promise.all(packagesIn(metafile).map(licenceOf));
await writeFile(join(output, "LICENSES.txt"), licences.join(`\n${"-".repeat(72)}\n\n`));
await writeFile(join(output, "manifest.json"), JSON.stringify(manifest, Object.keys(manifest).sort(), 2) + "\n");
