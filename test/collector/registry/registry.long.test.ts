import { TargetFile } from "@tufjs/models";
import { expect, it, onTestFinished } from "vitest";
import { openSignedRepository } from "../../../src/collector/registry/signed-repository.ts";
import { updateTargetPath } from "../../../src/core/contract/bundle/update-target.ts";
import { sampleContents } from "../../core/bundle/sample-bundle.ts";
import { createRegistryFixture } from "./registry-fixture.ts";

it("refuses one more bundle than gateways read of, and says that there is no room", async () => {
  const fixture = await createRegistryFixture();
  onTestFinished(() => fixture.close());
  const { dir, keys, clock } = fixture;
  const repository = await openSignedRepository({ dir, keys, clock });
  const targets = Array.from({ length: 4_096 }, (_, index) => {
    const custom = { name: "bearing-other", version: `1.${index}.0`, digest: "ab".repeat(32) };
    const path = updateTargetPath(custom.name, custom.version);
    const unrecognizedFields = { custom };
    return new TargetFile({ path, length: 1, hashes: { sha256: "cd".repeat(32) }, unrecognizedFields });
  });
  await repository.commit(Object.fromEntries(targets.map((target) => [target.path, target])));
  await fixture.registry.sync();
  await expect(fixture.publish(sampleContents())).rejects.toMatchObject({
    code: "PUBLISH",
    message: expect.stringContaining("no more"),
  });
});
