/**
 * `MODEL_CARD.md` of every bundle: the frame around a recipe's words. Rendered from the manifest and those words only; a figure
 * that is in no `evaluation.json` has no place in it.
 */
import { ungatedWords } from "../../core/contract/bundle/lineage.ts";
import type { Manifest } from "../../core/contract/bundle/manifest.ts";
import { type ReportTable, renderMarkdownTable } from "./report-parts.ts";

/** What a recipe says on a card, between its title and the lineage. */
interface CardWords {
  /** Sections on what the model is, what it learnt from and how good it is: lines of Markdown, an empty one at the end of each. */
  readonly body: readonly string[];
  readonly slicesHeading: string;
  readonly slices: ReportTable;
  readonly limitations: readonly string[];
  readonly notesHeading: string;
  /** Every look at test data among them. */
  readonly notes: readonly string[];
}

/** `MODEL_CARD.md`: title and what changed, the recipe's words, slices, limits, notes; configuration, code and libraries. */
export function renderCard(
  { title, name, version, changelog, lineage }: Omit<Manifest, "files">,
  { body, slicesHeading, slices, limitations, notesHeading, notes }: CardWords,
): string {
  const { configSha256, seed, trainingCodeSha256, libraries } = lineage;
  return [
    `# ${title} ${version}`,
    "",
    `\`${name}@${version}\`: ${changelog}`,
    "",
    ...(lineage.ungated === true ? [`> **Ungated.** It was ${ungatedWords}.`, ""] : []),
    ...body,
    `## ${slicesHeading}`,
    "",
    slices.caption,
    "",
    ...renderMarkdownTable(slices),
    "",
    "## Limits",
    "",
    ...limitations.map((limit) => `- ${limit}`),
    "",
    `## ${notesHeading}`,
    "",
    ...notes.map((note) => `- ${note}`),
    "",
    "## Made with",
    "",
    `- configuration \`${configSha256}\`, seed ${seed}, training code \`${trainingCodeSha256}\``,
    ...Object.entries(libraries).map(([library, used]) => `- ${library} ${used}`),
    "",
  ].join("\n");
}
