/** Names and digests as a bundle's files write them. */
import { z } from "zod";

/** Names of bundles, channels, failure modes and devices: safe in a topic and in a path. */
export const namePattern: RegExp = /^[a-z0-9][a-z0-9-]{0,62}$/;
export const plainName: z.ZodString = z.string().regex(namePattern, "lower-case letters, digits and dashes");
export const hexDigest: z.ZodString = z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex digits");
