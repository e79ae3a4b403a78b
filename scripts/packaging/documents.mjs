import { readdirSync, readFileSync } from "node:fs";
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

const records = readdirSync(join(root, "src", "adr"));

/** The texts of what is shipped as models: how they are made, their cards, and what they were trained by. */
const ofModels = readdirSync(join(root, "models"), { recursive: true })
  .filter((path) => /(\.md|train\.yaml)$/.test(path))
  .map((path) => join("models", path));

/** The records that a text of models names, with their titles or by `src/adr/0061` and `ADR 61` alone. */
function findNumbered(path) {
  const text = readFileSync(join(root, path), "utf8");
  const numbers = [...text.matchAll(/\bADR (\d+)|\bsrc\/adr\/(\d{4})/g)].map(([, short, long]) =>
    (short ?? long).padStart(4, "0"),
  );
  return records.filter((name) => numbers.includes(name.slice(0, 4))).map((name) => `src/adr/${name}`);
}

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
export const shippedDocuments = addRecords([...listed, ...ofModels.flatMap(findNumbered)]);
