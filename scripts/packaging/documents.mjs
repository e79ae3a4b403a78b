import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const listed = [
  "firmware-bridge/PROTOCOL.md",
  "firmware-bridge/mcu/MODEL_FORMAT.md",
  "firmware-bridge/mcu/README.md",
  "firmware-bridge/proto/device.proto",
  "src/ALERTS.md",
  "src/ERRORS.md",
  "src/INTERFACES.md",
  "src/KEYS.md",
  "src/SCALING.md",
  "src/core/wire/uplink.proto",
];

/** With the records of decisions that they name, and that those name. */
function addRecords(paths) {
  const all = new Set(paths);
  // A set's loop comes to what is added on the way.
  for (const path of all)
    for (const [name] of readFileSync(join(root, path), "utf8").matchAll(/\b\d{4}-[a-z][a-z0-9-]+\.md\b/g))
      all.add(`src/adr/${name}`);
  return [...all].sort();
}

// The documents that help, hints and errors name or an operator needs, and what these name: by their paths in a checkout,
// which they keep in every package.
export const shippedDocuments = addRecords(listed);
