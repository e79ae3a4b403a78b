import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bundleCommand } from "../../src/cli/commands/bundle.ts";
import { keysCommand } from "../../src/cli/commands/keys.ts";
import { writeBundle } from "../../src/core/bundle/write-bundle.ts";
import { newKey, sampleContents, withTempDir } from "../core/bundle/sample-bundle.ts";

let stdout = "";
let stderr = "";
beforeEach(() => {
  stdout = "";
  stderr = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
});

const run = (command: ReturnType<typeof bundleCommand>, ...args: string[]): Promise<unknown> =>
  command.exitOverride().parseAsync(args, { from: "user" });

describe("aurora bundle and aurora keys", () => {
  it("make keys, sign, verify, find a flipped bit, inspect and compare", async () => {
    await withTempDir(async (dir) => {
      const [keys, one, two] = [join(dir, "keys"), join(dir, "one"), join(dir, "two")];
      await run(keysCommand(), "init", keys, "--json");
      expect(Object.keys((JSON.parse(stdout) as { keyIds: object }).keyIds)).toHaveLength(5);
      expect((await stat(join(keys, "root.key"))).mode & 0o777).toBe(0o600);

      await writeBundle(one, sampleContents(), newKey());
      await writeBundle(two, sampleContents({ version: "1.1.0" }), newKey());
      for (const bundle of [one, two]) {
        await run(bundleCommand(), "sign", bundle, "--key", join(keys, "release.key"));
      }
      await run(bundleCommand(), "verify", one, two, "--keys", join(keys, "release.pub"));
      expect(stdout).toContain(`${two}: good, bearing-sample@1.1.0`);
      expect(process.exitCode ?? 0).toBe(0);

      stdout = "";
      await run(bundleCommand(), "inspect", one);
      expect(stdout).toContain("bearing-sample@1.0.0");
      expect(stdout).toContain("model.int8.onnx");
      stdout = "";
      await run(bundleCommand(), "diff", one, two);
      expect(stdout).toBe("version: 1.0.0 → 1.1.0\n");

      const card = await readFile(join(two, "MODEL_CARD.md"));
      card[0] = card[0]! ^ 1;
      await writeFile(join(two, "MODEL_CARD.md"), card);
      stdout = "";
      await run(bundleCommand(), "verify", one, two, "--keys", join(keys, "release.pub"), "--json");
      const { bundles } = JSON.parse(stdout) as { bundles: { ok: boolean; code?: string }[] };
      expect(bundles.map((bundle) => bundle.ok)).toEqual([true, false]);
      expect(bundles[1]?.code).toBe("BUNDLE_DIGEST");
      expect(process.exitCode).toBe(1);
      await run(bundleCommand(), "verify", two, "--keys", join(keys, "release.pub"));
      expect(stderr).toContain("REFUSED (BUNDLE_DIGEST): MODEL_CARD.md");
    });
  });

  it("trust no key of another installation, and never overwrite keys", async () => {
    await withTempDir(async (dir) => {
      const keys = join(dir, "keys");
      await run(keysCommand(), "init", keys);
      expect(stdout).toContain("Take root.key and release.key offline");
      await expect(run(keysCommand(), "init", keys)).rejects.toThrow(/never overwritten/);
      await writeBundle(join(dir, "b"), sampleContents(), newKey());
      await run(bundleCommand(), "verify", join(dir, "b"), "--keys", keys);
      expect(process.exitCode).toBe(1);
      expect(stderr).toContain("BUNDLE_SIGNATURE");
    });
  });
});
