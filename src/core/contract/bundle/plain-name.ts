/** How names and digests are written, in a bundle's files and elsewhere. */
import { z } from "zod";

/** Names of bundles, channels, failure modes and devices: safe in a topic and in a path. */
export const namePattern: RegExp = /^[a-z0-9][a-z0-9-]{0,62}$/;
export const plainName: z.ZodString = z.string().regex(namePattern, "lower-case letters, digits and dashes");
/** A SHA-256 digest in lower-case hexadecimal digits. */
export const sha256Pattern: RegExp = /^[0-9a-f]{64}$/;
export const hexDigest: z.ZodString = z.string().regex(sha256Pattern, "64 lower-case hex digits");
