/** Is the bundle what its own configuration gives? Compares it with one that was made once more from its folder alone. */
import type { Bundle } from "../../core/bundle/bundle.ts";
import { canonicalJson } from "../../core/bundle/canonical-json.ts";
import { bundleFileNames } from "../../core/contract/bundle/manifest.ts";
import { answer, type GateCheck } from "./gate-check.ts";

/** Files that people read: what renders them is training code too, so other code may put the same figures differently. */
const texts = new Set<string>([bundleFileNames.card, bundleFileNames.bom]);

/**
 * With the same training code the digest must be the same. With other code every file that decides must be, and the
 * manifest but for code and libraries in its lineage and the files' digests that follow from them; a card, bill of materials
 * or sentence about the teacher that reads differently, beyond the code's digest that the texts name, does not fail the
 * question but is named in the answer.
 */
export function compareRebuild(bundle: Bundle, again: Bundle): GateCheck {
  const codeOf = ({ manifest }: Bundle): string => manifest.lineage.trainingCodeSha256;
  const sameCode = codeOf(again) === codeOf(bundle);
  const names = [...new Set([...bundle.files.keys(), ...again.files.keys()])];
  const reworded = names.filter(
    (name) => !sameCode && texts.has(name) && readText(bundle, name) !== readText(again, name),
  );
  if (bundle.manifest.lineage.teacher !== again.manifest.lineage.teacher) reworded.push("lineage.teacher");
  const differing = names.filter(
    (name) => (sameCode || !texts.has(name)) && !equal(bundle.files.get(name), again.files.get(name)),
  );
  const passed = sameCode
    ? again.digest === bundle.digest
    : differing.length === 0 && behaviourOf(bundle) === behaviourOf(again);
  const aside = reworded.length === 0 ? "" : `; ${reworded.join(" and ")} of that code reads differently`;
  return answer("reproducible-rebuild", passed, {
    measured: { digest: again.digest, trainingCode: sameCode ? "the same" : "another", differing, reworded },
    limits: {
      digest: sameCode ? bundle.digest : "of other code: every file and the manifest's behaviour",
      differing: [],
    },
    words: passed
      ? sameCode
        ? "trained once more, the digest is the same"
        : `trained once more with other training code, every file that decides is the same${aside}`
      : `trained once more, ${differing.join(", ") || "the manifest"} differs${aside}`,
  });
}

/** A text without the digest of the code that it names; null where there is none. */
function readText({ files, manifest }: Bundle, name: string): string | null {
  const bytes = files.get(name);
  if (bytes === undefined) return null;
  return new TextDecoder().decode(bytes).replaceAll(manifest.lineage.trainingCodeSha256, "this code");
}

/**
 * The manifest without what names code, libraries and the files' digests, and without the sentence about the teacher:
 * configuration, data, seed and parent are the same whatever code was at work.
 */
function behaviourOf({ manifest }: Bundle): string {
  const { files: _files, lineage, ...rest } = manifest;
  const { trainingCodeSha256: _code, libraries: _libraries, teacher: _teacher, ...origin } = lineage;
  return canonicalJson({ ...rest, lineage: origin });
}

function equal(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  return left !== undefined && right !== undefined && Buffer.from(left).equals(right);
}
