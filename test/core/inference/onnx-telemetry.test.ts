import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const script = `
  import { readFileSync } from "node:fs";
  import { createOnnxEngine } from ${JSON.stringify(join(root, "src/core/inference/onnx-session.ts"))};
  const engine = await createOnnxEngine(readFileSync("models/bearing-vibration/1.0.0/model.int8.onnx"));
  console.log(engine.kind);
  await engine.close();
`;

test("the native library keeps to itself: no telemetry, so none of its files in the temporary folder", async () => {
  const folder = createTemporaryFolder();
  const { ORT_DISABLE_TELEMETRY: _, ...environment } = process.env;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", script],
    { cwd: root, env: { ...environment, TMPDIR: folder } },
  );
  expect(stdout.trim()).toBe("onnx");
  expect(readdirSync(folder).filter((name) => name === ".ses" || name.startsWith("mat-debug"))).toEqual([]);
});
