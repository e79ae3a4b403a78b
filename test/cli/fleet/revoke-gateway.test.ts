import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type EnrolRequest, enrolGateways } from "../../../src/cli/fleet/enrol-gateways.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";

function request(dir: string, ids: readonly string[], tlsHost: string | null): EnrolRequest {
  const gateways = ids.map((id) => ({ id, site: "kelmarsh", devices: ["mcu-1"], readTopics: [] }));
  return { dir, gateways, base: null, tlsHost, days: 1, nowMs: Date.now() };
}

test.each([
  [null, ["mosquitto.acl", "mosquitto.passwd", "emqx-acl.conf", "emqx-users.csv"]],
  ["localhost", ["mosquitto.acl", "emqx-acl.conf"]],
])(
  "a gateway that is revoked is in no file any more, and its neighbour is in all (host %s)",
  async (tlsHost, files) => {
    const dir = createTemporaryFolder();
    await enrolGateways(request(dir, ["gw-1", "gw-10"], tlsHost));
    const { code, stdout } = await auroraHere("fleet", "revoke", "gw-1", "--dir", dir);
    expect([code, stdout]).toEqual([0, expect.stringContaining("gw-1 is revoked")]);
    for (const file of files) {
      // But that the collector may say that it is offline.
      const text = readFileSync(join(dir, "broker", file), "utf8").replace(
        "aurora/v1/gateway/gw-1/status",
        "",
      );
      expect([file, /gw-1\b/.test(text), /gw-10\b/.test(text)]).toEqual([file, false, true]);
    }
    expect(existsSync(join(dir, "gateways", "gw-1"))).toBe(false);
    expect(existsSync(join(dir, "gateways", "gw-10"))).toBe(true);
    const list = JSON.parse(readFileSync(join(dir, "enrolled.json"), "utf8")) as {
      gateways: { id: string }[];
    };
    expect(list.gateways.map(({ id }) => id)).toEqual(["gw-10"]);
    // Nobody has its id again, whatever is enrolled in between.
    await enrolGateways(request(dir, ["gw-2"], null));
    await expect(enrolGateways(request(dir, ["gw-1"], null))).rejects.toMatchObject({ code: "USAGE" });
  },
);

test("no certificate is made for a revoked gateway, nor for a device of it; its neighbour gets one", async () => {
  const dir = createTemporaryFolder();
  await enrolGateways(request(dir, ["gw-1", "gw-10"], "localhost"));
  const revoked = await auroraHere("fleet", "revoke", "gw-1", "--dir", dir, "--json");
  const [brokerDir, enrolledFile] = [join(dir, "broker"), join(dir, "enrolled.json")];
  expect(JSON.parse(revoked.stdout)).toEqual({ id: "gw-1", brokerDir, enrolledFile });
  for (const name of ["gw-1", "gw-1/mcu-1"]) {
    const { code, stderr } = await auroraHere("keys", "client", dir, name);
    expect([code, stderr]).toEqual([2, expect.stringContaining("gw-1 was revoked")]);
    expect(existsSync(join(dir, name.replace("/", "@")))).toBe(false);
  }
  expect((await auroraHere("keys", "client", dir, "gw-10")).code).toBe(0);
});

test("a gateway that is not enrolled is said so, and nothing is made", async () => {
  const dir = join(createTemporaryFolder(), "none");
  const { code, stderr } = await auroraHere("fleet", "revoke", "gw-1", "--dir", dir);
  expect([code, stderr]).toEqual([2, expect.stringContaining("gw-1 is not enrolled")]);
  expect(stderr).toContain("There is no enrolment");
  expect(existsSync(dir)).toBe(false);
});
