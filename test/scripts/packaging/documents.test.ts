/** What packages carry to be read. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { packageRoot } from "../../../src/core/platform/files/package-root.ts";

const root = packageRoot();
const list = pathToFileURL(join(root, "scripts", "packaging", "documents.mjs")).href;
const { shippedDocuments } = (await import(list)) as { readonly shippedDocuments: readonly string[] };
const read = (path: string): string => readFileSync(join(root, path), "utf8");

test("a package has every document that help, a hint or an error names, where they name it", () => {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts"),
  );
  // What stands in a comment is for whoever reads the code.
  const code = sources.map((path) =>
    read(join("src", path)).replaceAll(/\/\*\*?[\s\S]*?\*\/|^\s*\/\/.*$/gm, ""),
  );
  const named = code.flatMap((text) => text.match(/\b(?:src|firmware-bridge)\/[\w/-]+\.md\b/g) ?? []);
  expect(new Set(named).size).toBeGreaterThan(2);
  expect([...new Set(named)].filter((path) => !shippedDocuments.includes(path))).toEqual([]);
});

test("a document of a package is there, and links to nothing that the package has not", () => {
  for (const path of shippedDocuments) {
    expect(existsSync(join(root, path)), path).toBe(true);
    if (!path.endsWith(".md")) continue;
    const links = [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link]) =>
      join(dirname(path), link!),
    );
    expect(
      links.filter((link) => !shippedDocuments.includes(link)),
      path,
    ).toEqual([]);
  }
});
