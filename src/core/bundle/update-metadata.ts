/** Signed metadata of the update repository, as who signs it and who trusts it read it alike. */
import {
  Metadata,
  MetadataKind,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from "@tufjs/models";
import { issuedMember } from "../contract/bundle/update-target.ts";
import { parseJsonObject } from "../platform/files/parse-json-object.ts";

/** Any of the four metadata files. */
export type AnyMetadata = Metadata<Root> | Metadata<Timestamp> | Metadata<Snapshot> | Metadata<Targets>;

/** When the file says it was signed, epoch ms; NaN if it does not say. */
export function issuedAtMs(file: AnyMetadata): number {
  const issued = file.signed.unrecognizedFields[issuedMember];
  return typeof issued === "string" ? Date.parse(issued) : Number.NaN;
}

/**
 * Parses root metadata and checks that it is signed by itself and, if `previous` is given, follows it.
 * @throws Error saying what is wrong.
 */
export function parseRoot(bytes: Uint8Array, previous: Metadata<Root> | null = null): Metadata<Root> {
  const root = Metadata.fromJSON(MetadataKind.Root, parseJsonObject(bytes));
  root.verifyDelegate(MetadataKind.Root, root);
  if (previous !== null) {
    previous.verifyDelegate(MetadataKind.Root, root);
    if (root.signed.version !== previous.signed.version + 1) {
      throw new Error(`root ${root.signed.version} does not follow root ${previous.signed.version}`);
    }
  }
  return root;
}
