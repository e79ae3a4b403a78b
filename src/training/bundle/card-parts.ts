/** What every `MODEL_CARD.md` has, whatever its model: its head, its limits and notes, and what it was made with. Lines of Markdown. */
import type { Manifest } from "../../core/contract/bundle/manifest.ts";

/** A manifest before its files are known. */
export type CardManifest = Omit<Manifest, "files">;

/** Title, name and what changed. */
export function headCard({ title, name, version, changelog }: CardManifest): string[] {
  return [`# ${title} ${version}`, "", `\`${name}@${version}\`: ${changelog}`, ""];
}

/** Limits; notes under `heading`, every look at test data among them; configuration, code and libraries. */
export function closeCard(
  { lineage }: CardManifest,
  limitations: readonly string[],
  heading: string,
  notes: readonly string[],
): string[] {
  const { configSha256, seed, trainingCodeSha256, libraries } = lineage;
  return [
    "## Limits",
    "",
    ...limitations.map((limit) => `- ${limit}`),
    "",
    `## ${heading}`,
    "",
    ...notes.map((note) => `- ${note}`),
    "",
    "## Made with",
    "",
    `- configuration \`${configSha256}\`, seed ${seed}, training code \`${trainingCodeSha256}\``,
    ...Object.entries(libraries).map(([name, version]) => `- ${name} ${version}`),
    "",
  ];
}
