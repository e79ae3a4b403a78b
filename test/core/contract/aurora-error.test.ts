import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { AuroraError, errorCodes, hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import { stripComments } from "../../support/read-imports.ts";

const root = resolve(import.meta.dirname, "../../..");
const codes = Object.entries(errorCodes);

function readSources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith("aurora-error.ts"))
    .map((name) => stripComments(readFileSync(join(root, folder, name), "utf8")));
}

describe("the table of error codes", () => {
  const code = [...readSources("src"), ...readSources("firmware-bridge")]
    // A question after a code is no place where it is made.
    .map((text) => text.replaceAll(/hasErrorCode\([^)]*\)|\.code [!=]== "[A-Z_]+"/g, ""))
    .join("\n");

  it.each(codes.map(([each]) => each))("holds %s because some place makes it", (each) => {
    expect(code).toContain(`"${each}"`);
  });

  it("is the one that ERRORS.md shows", () => {
    const rows = readFileSync(join(root, "src/ERRORS.md"), "utf8")
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    expect(rows).toEqual(codes.map(([each, { meaning, hint }]) => `| \`${each}\` | ${meaning} | ${hint} |`));
  });
});

describe("an error for users", () => {
  it("has its code's hint where nothing closer is known, and its own otherwise", () => {
    expect(new AuroraError("KEY", "m", { op: "o" }).hint).toBe(errorCodes.KEY.hint);
    expect(new AuroraError("KEY", "m", { op: "o", hint: "Turn it." }).hint).toBe("Turn it.");
  });

  it("is told from others, and from its like of another code, without its text", () => {
    const error = new AuroraError("KEY", "m", { op: "o" });
    expect([hasErrorCode(error), hasErrorCode(error, "KEY"), hasErrorCode(error, "MQTT")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(hasErrorCode(Object.assign(new Error("m"), { code: "KEY" }), "KEY")).toBe(false);
  });
});
