import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readClientId } from "../../../../src/core/platform/mqtt/client-id.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

test("a client id has a code of its key and its name, the same each time, and without a key none", async () => {
  const folder = createTemporaryFolder();
  const keyOf = (byte: string): string => {
    const path = join(folder, byte);
    writeFileSync(path, byte.repeat(32));
    return path;
  };
  const [one, two] = [keyOf("5a"), keyOf("5b")];
  const id = await readClientId("aurora-gateway-gw-1", one);
  expect(id).toMatch(/^aurora-gateway-gw-1-[0-9a-f]{16}$/);
  expect(await readClientId("aurora-gateway-gw-1", one)).toBe(id);
  const others = [
    await readClientId("aurora-gateway-gw-1", two),
    await readClientId("aurora-gateway-gw-2", one),
  ];
  expect(new Set([id, ...others].map((each) => each.slice(-16))).size).toBe(3);
  expect(await readClientId("aurora-gateway-gw-1", null)).toBe("aurora-gateway-gw-1");
});
