import { describe, expect, it } from "vitest";
import { chooseTarget } from "../../../src/gateway/updates/choose-target.ts";
import type { OfferedTarget } from "../../../src/gateway/updates/tuf-client.ts";

const active = { name: "pump", version: "1.2.0", digest: "serves" };
const offer = (version: string, digest = `content of ${version}`, name = "pump"): OfferedTarget => ({
  name,
  version,
  digest,
  sizeBytes: 1,
  sha256: `tar of ${digest}`,
});
const none = (): boolean => false;

describe("what a gateway takes of the bundles on offer", () => {
  it("is the newest of its own model, by version and not by order", () => {
    const offered = [offer("1.3.0"), offer("1.10.0"), offer("1.9.0"), offer("2.0.0", "x", "fan")];
    expect(chooseTarget(offered, active, none)).toEqual({ newest: offered[1], twin: null });
  });

  it("is nothing when all are as old as what serves, or older", () => {
    const offered = [offer("1.1.0"), offer("1.2.0", "serves")];
    expect(chooseTarget(offered, active, none)).toEqual({ newest: null, twin: null });
  });

  it("is the next best where the best was refused", () => {
    const offered = [offer("1.4.0"), offer("1.3.0")];
    const refused = ({ version }: OfferedTarget): boolean => version === "1.4.0";
    expect(chooseTarget(offered, active, refused).newest).toBe(offered[1]);
  });

  it("is never another content under the version that serves, which is named", () => {
    const offered = [offer("1.2.0", "forged")];
    expect(chooseTarget(offered, active, none)).toEqual({ newest: null, twin: offered[0] });
  });
});
