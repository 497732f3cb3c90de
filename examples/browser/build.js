// `node build.js FOLDER [MODEL]`: the page as a folder of static files, for any web server. MODEL is the folder of a
// model, by default that of the base model.

import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const CORE = join(HERE, "..", "..", "bloodtwin_core");
const MODULES = join(HERE, "node_modules");

const [folder, model = join(CORE, "pretrained", "model")] = process.argv.slice(2);
if (!folder || !existsSync(join(MODULES, "onnxruntime-web"))) {
  console.error("First: npm install --ignore-scripts (in examples/browser). Then: node build.js FOLDER [MODEL]");
  process.exit(2);
}

mkdirSync(folder, { recursive: true });
cpSync(join(HERE, "page"), folder, { recursive: true });
copy(join(HERE, "..", "javascript"), ["window.js"]);
copy(join(CORE, "display", "look"), ["light.css", "dark.css", "page.css"], "look");
copy(model, ["model.onnx", "model.json", "test_vector.json"], "model");
copy(join(MODULES, "onnxruntime-web", "dist"), ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"], "lib");
copy(join(MODULES, "uplot", "dist"), ["uPlot.esm.js", "uPlot.min.css"], "lib");
copy(join(MODULES, "papaparse"), ["papaparse.min.js"], "lib");
for (const name of ["onnxruntime-web", "papaparse", "uplot"]) licence(name);
console.log(`${folder} is ready; python3 -m http.server --directory ${folder} serves it on this machine`);

function copy(from, names, to = "") {
  mkdirSync(join(folder, to), { recursive: true });
  for (const name of names) copyFileSync(join(from, name), join(folder, to, basename(name)));
}

/** Each library lies there with its licence. */
function licence(name) {
  const { version, license } = JSON.parse(readFileSync(join(MODULES, name, "package.json"), "utf-8"));
  console.log(`${name} ${version}: ${license}`);
  const file = ["LICENSE", "LICENSE.md", "LICENSE.txt", "README.md"].find((each) => existsSync(join(MODULES, name, each)));
  if (file) copyFileSync(join(MODULES, name, file), join(folder, "lib", `${name}.${file}`));
}
