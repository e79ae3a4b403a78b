import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import { readAbout } from "../../../src/collector/evidence/check-evidence.ts";
import { openIncomingFiles } from "../../../src/collector/evidence/incoming-files.ts";
import { maxPackedBytes } from "../../../src/core/contract/evidence.ts";
import { sha256Hex } from "../../../src/core/platform/files/sha256.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { makeEvidence } from "./make-evidence.ts";

const rounds = 100;

/** Evidence of a gateway as it is begun; `turbine` makes it another one. */
async function makeIncoming(gateway: string, turbine = "wt-1") {
  const { id, about: text, pieces } = await makeEvidence({ gateway, turbine }, 600);
  const about = readAbout(pieces(60_000)[0]!, { gateway, site: "north-sea" });
  if (!about.ok) throw new Error(about.error);
  return [id, about.value, text] as const;
}

it("takes what another gateway's evidence ends meanwhile for gone, and not for a disk that fails", async () => {
  const incoming = await openIncomingFiles({
    dir: createTemporaryFolder(),
    clock: { nowMs: () => Date.now() },
  });
  const [one, other] = [await makeIncoming("gw-1"), await makeIncoming("gw-2")];
  for (let round = 0; round < rounds; round++) {
    await incoming.begin(...one);
    const begun = incoming.begin(...other);
    await Promise.all([begun, incoming.sweep(), incoming.find(one[0]), incoming.remove(one[0])]);
    expect(await begun).toEqual({ ok: true, value: { about: other[1], have: 0 } });
    await incoming.remove(other[0]);
  }
});

const clock = { nowMs: () => Date.now() };

it("makes its folder again when somebody removed it", async () => {
  const dir = join(createTemporaryFolder(), "evidence", "incoming");
  const incoming = await openIncomingFiles({ dir, clock });
  const one = await makeIncoming("gw-1");
  rmSync(join(dir, ".."), { recursive: true });
  expect(await incoming.begin(...one)).toMatchObject({ ok: true });
  await incoming.write(one[0], 0, Uint8Array.of(7));
  expect(await incoming.find(one[0])).toMatchObject({ have: 1 });
});

it("begins without reading again what is under way: everybody's alerts wait for it", async () => {
  const dir = createTemporaryFolder();
  const incoming = await openIncomingFiles({ dir, clock });
  const [one, other] = [await makeIncoming("gw-1"), await makeIncoming("gw-2")];
  await incoming.begin(...one);
  // Whoever reads it finds it damaged, and removes it.
  writeFileSync(join(dir, `${one[0]}.json`), "{}");
  expect((await incoming.begin(...other)).ok).toBe(true);
  expect(readdirSync(dir).sort()).toEqual([`${one[0]}.json`, `${other[0]}.json`].sort());
});

it("holds the bound of a gateway over processes that share the folder, and over a restart", async () => {
  const dir = createTemporaryFolder();
  const workers = [await openIncomingFiles({ dir, clock }), await openIncomingFiles({ dir, clock })];
  const all = await Promise.all(
    ["1", "2", "3", "4", "5", "6"].map((turbine) => makeIncoming("gw-1", turbine)),
  );
  for (const [index, evidence] of all.entries()) {
    const worker = index < 5 ? workers[index % 2]! : await openIncomingFiles({ dir, clock });
    expect((await worker.begin(...evidence)).ok).toBe(true);
    await setTimeout(5);
  }
  expect(readdirSync(dir).sort()).toEqual(
    all
      .slice(2)
      .map(([id]) => `${id}.json`)
      .sort(),
  );
});

it("holds the bound of all bytes over processes that share the folder", async () => {
  const dir = createTemporaryFolder();
  const incoming = await openIncomingFiles({ dir, clock });
  const [id, about, text] = await makeIncoming("gw-1");
  const largest = text.replace(/"bytes":\d+/, `"bytes":${maxPackedBytes}`);
  const count = Math.floor(2 ** 31 / maxPackedBytes);
  for (let index = 0; index < count; index++)
    writeFileSync(
      join(dir, `${sha256Hex(Buffer.from(`${index}`))}.json`),
      largest.replace("gw-1", `gw-n${index}`),
    );
  const packed = { ...about.evidence.packed, bytes: maxPackedBytes };
  const tooMuch = { ...about, evidence: { ...about.evidence, packed } };
  expect(await incoming.begin(id, tooMuch, largest)).toEqual({
    ok: false,
    error: "too much evidence is under way",
  });
  rmSync(join(dir, `${sha256Hex(Buffer.from("0"))}.json`));
  expect((await incoming.begin(id, tooMuch, largest)).ok).toBe(true);
});
