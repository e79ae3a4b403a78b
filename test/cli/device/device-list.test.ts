import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { findGatewayConfig, loadGatewayConfig } from "../../../src/cli/ask/ask-gateway.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";

test("device list names the ports where the service's configuration cannot be used, and says why in one line", async () => {
  // Whether this machine has that file or not: it is missing, or this variable is wrong beside it.
  vi.stubEnv("AURORA_GATEWAY__NOPE", "1");
  const { code, stdout, stderr } = await auroraHere("device", "list", "--json");
  vi.unstubAllEnvs();
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ serialPorts: expect.any(Array), devices: [], gateway: null });
  expect(stderr).toMatch(
    /^note: without --config only serial ports are listed: .*\/etc\/aurora\/gateway\.yaml.*\n$/,
  );
});

test("a configuration that is unfinished is a problem of one line, and named by --config an error", async () => {
  const path = join(createTemporaryFolder(), "gateway.yaml");
  writeFileSync(path, "gateway:\n  id: gw\n  wrong: 1\n");
  const problem = expect.stringMatching(/^\S+gateway\.yaml:\d.*$/);
  expect(findGatewayConfig(path)).toEqual({ problem });
  const { code, stdout } = await auroraHere("device", "list", "--config", path);
  expect([code, stdout]).toEqual([1, ""]);
});

test("where a gateway's configuration cannot be read the hint names --config", () => {
  const missing = join(createTemporaryFolder(), "gateway.yaml");
  expect(() => loadGatewayConfig(missing)).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID", hint: expect.stringContaining("--config FILE") }),
  );
});
