/** Figures as Prometheus reads them, and as `src/INTERFACES.md` tells them. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";

const page = resolve(import.meta.dirname, "../../src/INTERFACES.md");

/** Rows `name kind` of the page's table below `heading`, sorted. */
export function readDocumentedMetrics(heading: string): string[] {
  const [, rest = ""] = readFileSync(page, "utf8").split(`\n## ${heading}\n`);
  const [table = ""] = rest.split("\n## ");
  return [...table.matchAll(/^\| `(aurora_\w+)` \| (\w+) \| \S.* \|$/gm)]
    .map(([, name, kind]) => `${name} ${kind}`)
    .sort();
}

/** The page's file of rules for Prometheus. */
export function readDocumentedRuleFile(): string {
  return /\n```yaml\n(groups:\n[^`]*)```/.exec(readFileSync(page, "utf8"))?.[1] ?? "";
}

/** Its rules, as YAML reads them. */
export function readDocumentedRules(): { readonly alert: string; readonly expr: string }[] {
  return parse(readDocumentedRuleFile()).groups.flatMap(
    ({ rules }: { readonly rules: readonly unknown[] }) => rules,
  );
}

/** Rows `name kind` of what `/metrics` answered, but for the process's and Node's own, sorted. */
export function listMetrics(text: string): string[] {
  return [...text.matchAll(/^# TYPE (aurora_(?!process_|nodejs_)\w+) (\w+)$/gm)]
    .map(([, name, kind]) => `${name} ${kind}`)
    .sort();
}
