/** Shows the physical evidence of a fault on a terminal: its sentence, in lines of a width that can be read. */
import type { PhysicalEvidence } from "../../core/contract/physical-evidence.ts";

const width = 100;

/** The sentence as lines without indentation, broken between words. */
export function renderEvidence({ sentence }: Pick<PhysicalEvidence, "sentence">): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of sentence.split(" ")) {
    if (line.length > 0 && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line.length === 0 ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
