// Makes of the compiled `dist` what a gateway installs: a few JavaScript files, the programs that they start, what they
// read, and beside them the native parts of the platforms asked for. Everything lies flat in one folder, so that what a
// file finds by its own place it finds there. TensorFlow is not part of it. Needs `npm run build` before.
//   node scripts/packaging/bundle.mjs [folder] [linux-x64 linux-arm64 ...]
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { builtinModules, createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** The bundler names a file by its real path, also where the folder of packages is a link. */
const packages = realpathSync(join(root, "node_modules"));

/** Where the bundle is made, and where a package has it. */
export const bundleFolder = join("build", "aurora");
export const platforms = ["linux-x64", "linux-arm64"];

/** The command, and every program that it starts as a thread or a process of its own. */
const programs = [
  "src/cli/main.js",
  "src/collector/page-main.js",
  "src/collector/record/sqlite/record-check-main.js",
  "src/collector/worker-main.js",
  "src/gateway/points/chain-main.js",
  "src/gateway/updates/prove-main.js",
];

const pageFolder = join(root, "dist", "src", "collector", "page");

/** Files that are read at run time. */
const assets = [
  ...readdirSync(pageFolder)
    .filter((name) => name.endsWith(".css") || name.endsWith(".client.js"))
    .map((name) => join(pageFolder, name)),
  join(root, "dist", "src", "core", "wire", "uplink.proto"),
  join(root, "dist", "firmware-bridge", "proto", "device.proto"),
  join(packages, "uplot", "dist", "uPlot.esm.js"),
  join(packages, "uplot", "dist", "uPlot.min.css"),
];

/** Requires a native file of the running platform; written so that the bundler leaves it for the run time. */
const requireNative = (file) =>
  `require(["./native", process.platform + "-" + process.arch, "${file}"].join("/"))`;

/** What would be looked for elsewhere: [file, what it says, what the bundle says]. A text that is no longer there fails the build. */
const relocations = [
  ["src/cli/demo/child-daemon.js", "dirname(import.meta.dirname)", "import.meta.dirname"],
  ["firmware-bridge/messages/device-schema.js", '"../proto/device.proto"', '"./device.proto"'],
  ["src/collector/page/static-files.js", 'resolve("uplot/dist/uPlot.esm.js")', 'resolve("./uPlot.esm.js")'],
  ["src/collector/page/static-files.js", 'resolve("uplot/dist/uPlot.min.css")', 'resolve("./uPlot.min.css")'],
  // What was made for `require` has but a default in a bundle.
  [
    "src/core/inference/onnx-session.js",
    'await import("onnxruntime-node")',
    '(await import("onnxruntime-node")).default',
  ],
  [
    "onnxruntime-node/dist/binding.js",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of their file
    "require(`../bin/napi-v6/${process.platform}/${process.arch}/onnxruntime_binding.node`)",
    requireNative("onnxruntime_binding.node"),
  ],
  [
    "@serialport/bindings-cpp/dist/serialport-bindings.js",
    "(0, node_gyp_build_1.default)((0, path_1.join)(__dirname, '../'))",
    requireNative("serialport.node"),
  ],
];

/** The native files of a platform, as [where the package has it, its name in the bundle]. */
function listNative(platform) {
  const [system, processor] = platform.split("-");
  const runtime = join(packages, "onnxruntime-node", "bin", "napi-v6", system, processor);
  const serial = join(packages, "@serialport", "bindings-cpp", "prebuilds", platform);
  const armVersion = processor === "arm64" ? ".armv8" : "";
  return [
    [join(runtime, "onnxruntime_binding.node"), "onnxruntime_binding.node"],
    [join(runtime, "libonnxruntime.so.1"), "libonnxruntime.so.1"],
    [join(serial, `@serialport+bindings-cpp${armVersion}.glibc.node`), "serialport.node"],
  ];
}

/** Files of packages of which only a part is wanted: [file, what the bundle has instead]. One that is no longer read fails the build. */
const shortened = [
  // Complaints in fifty languages, of which one is spoken here.
  ["zod/v4/locales/index.js", 'export { default as en } from "./en.js";'],
  // The client alone, without its ways through proxies and web sockets, which nobody takes.
  ["mqtt/build/index.js", 'exports.MqttClient = require("./lib/client").default;'],
  // Its timers in workers, which browsers need; the log's threads; traces that figures may be joined to.
  [
    "mqtt/build/lib/get-timer.js",
    "exports.__esModule = true; exports.default = () => ({ set: setInterval, clear: clearInterval });",
  ],
  ["pino/lib/transport.js", 'module.exports = () => { throw new Error("no transports in the bundle"); };'],
  [
    "@opentelemetry/api/dist/index.cjs",
    "exports.trace = { getSpan() {} }; exports.context = { active() {} };",
  ],
];

/** What our own files say of zod, and what the bundle says: of a value all is kept, of a namespace what is used, which is half. */
const wholeOfZod = 'import { z } from "zod";';
const usedOfZod = 'import * as z from "zod";';

/** Applies the relocations to the files that they name, and notes which were applied. */
function relocate(applied) {
  return {
    name: "relocate",
    setup: (bundler) => {
      bundler.onLoad({ filter: /\.c?js$/ }, ({ path }) => {
        const name = relative(path.startsWith(packages) ? packages : join(root, "dist"), path);
        const short = shortened.find(([file]) => file === name);
        if (short !== undefined) {
          applied.add(short);
          return { contents: short[1], loader: "js" };
        }
        const own = relocations.filter(([file]) => file === name);
        if (own.length === 0 && path.startsWith(packages)) return undefined;
        const written = readFileSync(path, "utf8");
        if (written.includes('from "zod"') && !written.includes(wholeOfZod)) {
          return { errors: [{ text: `${name} does not say ${wholeOfZod}` }] };
        }
        let contents = written.replace(wholeOfZod, usedOfZod);
        for (const relocation of own) {
          const [file, from, to] = relocation;
          if (!contents.includes(from)) return { errors: [{ text: `${file} no longer says ${from}` }] };
          contents = contents.replace(from, () => to);
          applied.add(relocation);
        }
        return { contents, loader: "js" };
      });
    },
  };
}

/**
 * What is imported of Node's own modules, required: for an import Node reads all that the module can give, and so makes what it makes
 * only for who asks, as the texts of all authorities (`tls.rootCertificates`) and the streams of a terminal.
 */
const requireBuiltins = {
  name: "require-builtins",
  setup: (bundler) => {
    const named = new RegExp(`^(node:)?(${builtinModules.join("|")})$`);
    bundler.onResolve({ filter: named }, ({ path, kind }) => {
      if (kind !== "import-statement") return undefined;
      return { path: path.replace(/^node:/, ""), namespace: "builtin", sideEffects: false };
    });
    bundler.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => {
      const module = `node:${path}`;
      const names = Object.keys(createRequire(import.meta.url)(module)).filter((name) => name !== "default");
      const contents = [
        `const builtin = require("${module}");`,
        "const pick = (name) => builtin[name];",
        ...names.map((name) => `export const ${name} = /* @__PURE__ */ pick("${name}");`),
        "export default builtin;",
      ];
      return { contents: contents.join("\n"), loader: "js" };
    });
  },
};

/** Packages made for `require` find what Node gives them. */
const preamble = `import { createRequire as auroraRequire } from "node:module";
const require = auroraRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;`;

/**
 * Makes the bundle in `out`. Returns the names of the packages whose code is in it, for the notices.
 * @param {{ out: string, platforms: readonly string[] }} options
 */
export async function makeBundle({ out, platforms: wanted }) {
  if (!existsSync(join(root, "dist", programs[0]))) throw new Error("there is no dist: run npm run build");
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const applied = new Set();
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: programs.map((program) => join(root, "dist", program)),
    outdir: out,
    entryNames: "[name]",
    chunkNames: "part-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    // The copy of Node's own streams that packages bring along for browsers and for older Nodes.
    alias: { "readable-stream": "node:stream" },
    // What its packages use where it is installed, and do without where it is not.
    external: ["pg-native", "bufferutil", "utf-8-validate"],
    banner: { js: preamble },
    plugins: [relocate(applied), requireBuiltins],
    metafile: true,
    logLevel: "warning",
  });
  const missed = [...relocations, ...shortened].filter((relocation) => !applied.has(relocation));
  if (missed.length > 0) throw new Error(`not part of the bundle any more: ${missed.map(([file]) => file)}`);
  for (const asset of assets) copyFileSync(asset, join(out, basename(asset)));
  for (const platform of wanted) {
    mkdirSync(join(out, "native", platform), { recursive: true });
    for (const [from, name] of listNative(platform)) copyFileSync(from, join(out, "native", platform, name));
  }
  return listPackages(Object.keys(metafile.inputs));
}

/** The packages that `inputs` are files of, and those whose files are copied, as folders below the root. */
function listPackages(inputs) {
  const linked = relative(root, packages);
  const names = inputs.flatMap((path) => {
    const input = path.startsWith(linked) ? `node_modules${path.slice(linked.length)}` : path;
    const parts = input.split("node_modules/");
    if (parts.length === 1) return [];
    const [scope, name] = parts.at(-1).split("/");
    const found = scope.startsWith("@") ? `${scope}/${name}` : scope;
    return [`${parts.slice(0, -1).join("node_modules/")}node_modules/${found}`];
  });
  return [...new Set([...names, "node_modules/uplot"])].sort();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [out = join(root, bundleFolder), ...wanted] = process.argv.slice(2);
  const found = await makeBundle({ out, platforms: wanted.length > 0 ? wanted : platforms });
  console.log(`${relative(process.cwd(), out)}: the code of ${found.length} packages and our own`);
}
