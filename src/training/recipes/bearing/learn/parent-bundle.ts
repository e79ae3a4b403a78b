/**
 * The bundle that fine-tuning goes on from, as a training configuration carries it: manifest, network and background, so that
 * whoever has the new bundle can make it again without the old one. Trusts nothing but the digest that it states.
 */
import { z } from "zod";
import { parseManifest } from "../../../../core/bundle/verify-bundle.ts";
import { AuroraError } from "../../../../core/contract/aurora-error.ts";
import { bundleFileNames, type Manifest } from "../../../../core/contract/bundle/manifest.ts";
import { hexDigest } from "../../../../core/contract/bundle/plain-name.ts";
import { decodeBackground, type ExplanationBackground } from "../../../../core/explain/background.ts";
import { decodeStudent } from "../../../../core/inference/onnx-codec.ts";
import { sha256Hex } from "../../../../core/platform/files/sha256.ts";
import type { ParentStudent } from "../../../learn/tune-student.ts";

/** Files in base64. */
export interface EmbeddedParent {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the manifest, which names the digests of the others. */
  readonly digest: string;
  readonly manifest: string;
  readonly model: string;
  readonly background: string;
}

const base64 = z.base64().max(1 << 20);

/** Validator of {@link EmbeddedParent}. */
export const embeddedParentSchema: z.ZodType<EmbeddedParent> = z.strictObject({
  name: z.string().max(64),
  version: z.string().max(64),
  digest: hexDigest,
  manifest: base64,
  model: base64,
  background: base64,
});

/** A parent, opened. */
export interface ParentBundle extends ParentStudent {
  readonly manifest: Manifest;
  readonly digest: string;
  /** Of its explanations, standardised by its own scaler. */
  readonly background: ExplanationBackground;
}

/** Opens what was embedded. Fails with CONFIG_INVALID where a byte of it is another, BUNDLE_FORMAT where it is no bundle's. */
export function openParent(embedded: EmbeddedParent): ParentBundle {
  const subject = `${embedded.name}@${embedded.version}`;
  const manifestBytes = decode(embedded.manifest);
  if (sha256Hex(manifestBytes) !== embedded.digest) throw changed(subject, "manifest");
  const manifest = parseManifest(manifestBytes, subject);
  const part = (name: "model" | "background"): Uint8Array => {
    const bytes = decode(embedded[name]);
    const stated = manifest.files.find(({ path }) => path === bundleFileNames[name]);
    if (sha256Hex(bytes) !== stated?.sha256) throw changed(subject, name);
    return bytes;
  };
  return {
    manifest,
    digest: embedded.digest,
    scaler: manifest.scaler,
    quantised: decodeStudent(part("model")),
    background: decodeBackground(part("background")),
  };
}

function decode(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "base64"));
}

function changed(subject: string, part: string): AuroraError {
  return new AuroraError(
    "CONFIG_INVALID",
    `from.${part}: is not that of ${subject}, whose digest is stated`,
    {
      op: "open parent",
      subject,
      hint: "give `from` the folder of a bundle; aurora train puts the rest there",
    },
  );
}
