import { expect, it } from "vitest";
import { installedPath } from "../../../../src/core/platform/files/installed-path.ts";

it.each([
  ["models", "/opt/aurora/models"],
  ["./models/release.pub", "/opt/aurora/models/release.pub"],
  ["models/../secrets", "models/../secrets"],
  ["../models", "../models"],
  ["own-models/a", "own-models/a"],
  ["/var/lib/models", "/var/lib/models"],
])("%s stands at %s for an installation in /opt/aurora", (path, expected) => {
  expect(installedPath(path, "/opt/aurora")).toBe(expected);
});
