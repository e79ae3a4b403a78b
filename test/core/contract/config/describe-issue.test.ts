import { expect, test } from "vitest";
import { z } from "zod";
import { sayIssue } from "../../../../src/core/contract/config/describe-issue.ts";

const schema = z
  .object({
    turbines: z
      .array(z.object({ id: z.string(), seconds: z.coerce.number().int().max(60).optional() }))
      .min(1),
    reason: z.string().min(1, "it is empty").optional(),
  })
  .refine(({ turbines }) => turbines[0]?.id !== "x", "no turbine is called x");

/** A query as the web server hands it over: nothing that it inherits from. */
const bare = (fields: object): unknown => Object.assign(Object.create(null), fields);

test.each([
  [{}, "turbines: this key is missing"],
  [{ turbines: [{}] }, "turbines.0.id: this key is missing"],
  [{ turbines: [{ id: 7 }] }, 'turbines.0.id: must be a text, not a number; write "7" in quotes'],
  [{ turbines: [] }, "turbines: must have at least 1 entry"],
  [
    bare({ turbines: [{ id: "a", seconds: "1e300" }] }),
    "turbines.0.seconds: must be at most 9007199254740991",
  ],
  [bare({ turbines: [{ id: "x" }] }), "no turbine is called x"],
  [{ turbines: [{ id: "a" }], reason: "" }, "reason: it is empty"],
  ["text", "must be a mapping of keys"],
  [null, "must be a mapping of keys"],
])("%j is refused in plain words, its place in front", (input, words) => {
  expect(sayIssue(schema.safeParse(input).error!.issues[0], input)).toBe(words);
});
