// Builds the native TensorFlow binding (@tensorflow/tfjs-node) where its own download is blocked:
//   pip download --no-deps --only-binary=:all: tensorflow-cpu==2.15.1
//   node scripts/build-tfjs-node.mjs tensorflow_cpu-2.15.1-*.whl [folder of @tensorflow/tfjs-node]
// The wheel holds the C library and its headers (600 MB unpacked); a C++ compiler, python3 and unzip are needed. Linux only.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [wheel, folder = join(root, "node_modules", "@tensorflow", "tfjs-node")] = process.argv.slice(2);
if (wheel === undefined || !existsSync(wheel) || !existsSync(folder)) {
  console.error("usage: node scripts/build-tfjs-node.mjs WHEEL [folder of @tensorflow/tfjs-node]");
  process.exit(2);
}

function run(command, args, cwd) {
  const { status, stdout } = spawnSync(command, args, {
    cwd,
    stdio: ["ignore", "pipe", 2],
    encoding: "utf8",
  });
  if (status === 0) return stdout.trim();
  console.error(`${command} ${args.join(" ")} failed`);
  process.exit(1);
}

const deps = join(folder, "deps");
rmSync(deps, { recursive: true, force: true });
mkdirSync(join(deps, "lib"), { recursive: true });
const headers = ["tensorflow/c/*", "tensorflow/core/platform/*", "tsl/*"].map(
  (path) => `tensorflow/include/${path}`,
);
run("unzip", [
  "-q",
  "-o",
  resolve(wheel),
  "tensorflow/libtensorflow*",
  ...headers,
  "-d",
  join(deps, "wheel"),
]);
symlinkSync(join("wheel", "tensorflow", "include"), join(deps, "include"));
// The binding links against libtensorflow, as the download calls it; the wheel's C++ library exports the same C interface.
for (const [name, file] of [
  ["libtensorflow.so", "libtensorflow_cc.so.2"],
  ["libtensorflow_cc.so.2", "libtensorflow_cc.so.2"],
  ["libtensorflow_framework.so", "libtensorflow_framework.so.2"],
  ["libtensorflow_framework.so.2", "libtensorflow_framework.so.2"],
]) {
  symlinkSync(join("..", "wheel", "tensorflow", file), join(deps, "lib", name));
}

const prefix = dirname(dirname(process.execPath));
const modulePath = join(folder, "lib", "napi-v8");
const gyp = join(run("npm", ["root", "-g"], root), "npm", "node_modules", "node-gyp", "bin", "node-gyp.js");
run(
  process.execPath,
  [
    gyp,
    "rebuild",
    `--nodedir=${prefix}`,
    "--napi_version=8",
    "--napi_build_version=8",
    `--module=${join(modulePath, "tfjs_binding.node")}`,
    "--module_name=tfjs_binding",
    `--module_path=${modulePath}`,
  ],
  folder,
);
const tf = createRequire(join(folder, "package.json"))(folder);
console.log(`@tensorflow/tfjs-node ${tf.version["tfjs-node"]} loads; backend ${tf.getBackend()}`);
