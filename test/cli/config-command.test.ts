import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { auroraHere } from "./aurora.ts";

function writeConfig(commissioning: string, bundle = "bearing-vibration"): string {
  const path = join(createTemporaryFolder(), "gateway.yaml");
  const bearing = "{bpfo: 3, bpfi: 5, bsf: 4, ftf: 0.4}";
  writeFileSync(
    path,
    `gateway: {id: gw, site: north}
devices: [{id: mcu, connect: mqtt}]
turbines: [{id: WT01, points: [{component: b, bundle: ${bundle}, device: mcu, channel: a, bearing: ${bearing}}]}]
commissioning: ${commissioning}
`,
  );
  return path;
}

test("config validate holds the time of learning against the bundles that a gateway here would serve", async () => {
  const good = writeConfig("{minWindows: 64}");
  expect(await auroraHere("config", "validate", good)).toMatchObject({
    code: 0,
    stdout: `${good}: good\n`,
    stderr: "",
  });
  const bad = await auroraHere("config", "validate", writeConfig("{minWindows: 16}"));
  expect([bad.code, bad.stdout]).toEqual([1, ""]);
  expect(bad.stderr).toMatch(/^error: commissioning\.minWindows is 16, .*\nhint: write .*minWindows: 64/);
});

test("config validate says where there is no bundle to check against", async () => {
  const { code, stderr } = await auroraHere(
    "config",
    "validate",
    writeConfig("{minWindows: 16}", "unheard-of"),
  );
  expect(code).toBe(0);
  expect(stderr).toMatch(/^note: not checked against its bundles: there is no bundle unheard-of in /);
});
