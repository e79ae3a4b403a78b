/** What others wrote reaches a terminal cleaned, whichever command shows it. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { renderDeviceList } from "../../../src/cli/device/list-devices.ts";
import { renderCheck } from "../../../src/cli/doctor/render-checks.ts";

import { reportError } from "../../../src/cli/terminal/end-process.ts";
import { printReply } from "../../../src/cli/terminal/print-reply.ts";
import { renderChanges } from "../../../src/cli/terminal/render-bundle.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";

const evil = "\u001b[2J\u009b\u202eX";
const forged = "a\n√ device d2: answers\r\nX\rY";

/** What is written to `stream` meanwhile. */
function listen(stream: NodeJS.WriteStream, act: () => void): string[] {
  const written: string[] = [];
  const spy = vi.spyOn(stream, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  try {
    act();
  } finally {
    spy.mockRestore();
  }
  return written;
}

test("a reply in words is cleaned, one in JSON is what it is", () => {
  const written = listen(process.stdout, () => {
    printReply(false, {}, () => `${evil}\n`);
    printReply(false, {}, () => "a\r\nb\rc\n");
    printReply(true, { channel: evil }, () => "");
  });
  expect(written).toEqual([
    "\ufffd[2J\ufffd\ufffdX\n",
    "a\nb\ufffdc\n",
    `${JSON.stringify({ channel: evil })}\n`,
  ]);
});

test("a bug is told in letters", () => {
  const [told] = listen(process.stderr, () => reportError(new Error(`no ${evil}`)));
  expect(told).toMatch(/^bug: Error: no \ufffd\[2J\ufffd\ufffdX\n {4}at /);
});

test("a check of the doctor has no colours but its mark's", () => {
  const result = { verdict: "good", name: "device", text: evil, advice: evil, group: "devices" } as const;
  const words = renderCheck(result, "colour").split("\u001b[0m");
  expect(words).toHaveLength(2);
  expect(words[1]).toBe(" device: \ufffd[2J\ufffd\ufffdX\n    \ufffd[2J\ufffd\ufffdX\n");
});

test("a check of the doctor forges no other", () => {
  const result = { verdict: "bad", name: forged, text: forged, advice: forged, group: "devices" } as const;
  const line = "a\ufffd√ device d2: answers\ufffdX\ufffdY";
  expect(renderCheck(result, "plain")).toBe(`× ${line}: ${line}\n    ${line}\n`);
});

test("a device, or a gateway, forges no line of a list", () => {
  const port = { connect: forged, path: "a", manufacturer: forged, serialNumber: null, device: null };
  const list = { serialPorts: [port], devices: [], gateway: null };
  expect(renderDeviceList(list).split("\n")).toHaveLength(3);
  const gateway = { url: "http://b", running: false, other: forged, missing: null };
  expect(renderDeviceList({ ...list, gateway }).split("\n")).toHaveLength(5);
});

test("a difference of bundles forges no other", () => {
  expect(renderChanges([{ path: "title", sentence: `title: ${forged}` }])).not.toMatch(/[\n\r]/);
});

test("the title of a bundle that nobody has signed writes nothing to the terminal but letters", async () => {
  const dir = join(createTemporaryFolder(), "bundle");
  cpSync("models/bearing-vibration/1.0.0", dir, { recursive: true });
  const path = join(dir, "manifest.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...manifest, title: evil, changelog: forged }));
  const { stdout, stderr } = await auroraHere("bundle", "inspect", dir);
  expect(`${stdout}${stderr}`).toContain("[2J");
  expect(["\u001b", "\u009b", "\u202e"].filter((each) => `${stdout}${stderr}`.includes(each))).toEqual([]);
  expect(stdout).toContain("\nchangelog   a\ufffd√ device d2: answers\ufffdX\ufffdY\n");
});
