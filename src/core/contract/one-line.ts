/** Text that a person writes and a terminal, a log and a page show as it is. */
import { z } from "zod";

/** Validator of one line of 1 to `max` characters; spaces at its ends are taken off. */
export const oneLine = (max: number): z.ZodType<string, string> =>
  z
    .string()
    .max(4 * max)
    .transform((text) => text.trim())
    .pipe(
      z
        .string()
        .min(1, "it is empty")
        .max(max, `it has more than ${max} characters`)
        .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]*$/u, "it is not one line of text"),
    );
