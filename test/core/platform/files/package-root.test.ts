import { expect, test } from "vitest";
import { packageRoot } from "../../../../src/core/platform/files/package-root.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

test("a program that lies alone says what it lacks", () => {
  const folder = createTemporaryFolder();
  expect(() => packageRoot(folder)).toThrow(
    expect.objectContaining({
      code: "DATA_MISSING",
      hint: expect.stringContaining(`copy package.json and models of the checkout into ${folder}`),
    }),
  );
});
