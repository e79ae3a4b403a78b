/** The private key that signs bundles; one that signs an update repository's metadata is refused, as nobody takes a bundle by it. */
import { dirname, join } from "node:path";
import { loadPrivateKey, type PrivateKey } from "../../core/bundle/keys.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { fieldsOf } from "../../core/contract/fields.ts";
import { maxRootBytes } from "../../core/contract/publication.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";

/**
 * Loads it. Which role a key has, its file does not say: the `root.json` beside it, where there is one, names those that are no release
 * keys. Fails with KEY.
 */
export async function loadReleaseKey(path: string): Promise<PrivateKey> {
  const key = await loadPrivateKey(path);
  const role = await findRole(key, join(dirname(path), "root.json"));
  if (role === null) return key;
  throw new AuroraError("KEY", `is the ${role} key of an update repository, which signs no bundle`, {
    op: "load release key",
    subject: path,
    hint: `give the release key: ${join(dirname(path), "release.key")} where aurora keys init made them; src/KEYS.md says which key is for what`,
  });
}

/** The role that the metadata in `rootFile` give the key; null: none, or there are none that can be read. */
async function findRole({ publicKey }: PrivateKey, rootFile: string): Promise<string | null> {
  let root: unknown;
  try {
    root = JSON.parse(new TextDecoder().decode(await readFileBounded(rootFile, maxRootBytes)));
  } catch {
    return null;
  }
  const { keys, roles } = fieldsOf(fieldsOf(root).signed);
  const hex = Buffer.from(publicKey.raw).toString("hex");
  const ids = Object.entries(fieldsOf(keys)).flatMap(([id, key]) =>
    fieldsOf(fieldsOf(key).keyval).public === hex ? [id] : [],
  );
  const own = Object.entries(fieldsOf(roles)).find(([, role]) => {
    const { keyids } = fieldsOf(role);
    return Array.isArray(keyids) && keyids.some((id) => ids.includes(id));
  });
  return own?.[0] ?? null;
}
