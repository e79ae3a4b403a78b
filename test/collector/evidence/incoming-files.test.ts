import { expect, it } from "vitest";
import { readAbout } from "../../../src/collector/evidence/check-evidence.ts";
import { openIncomingFiles } from "../../../src/collector/evidence/incoming-files.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { makeEvidence } from "./make-evidence.ts";

const rounds = 100;

/** Evidence of a gateway as it is begun. */
async function makeIncoming(gateway: string) {
  const { id, about: text, pieces } = await makeEvidence({ gateway }, 600);
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
