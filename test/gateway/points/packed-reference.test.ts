import { expect, test } from "vitest";
import { packReference, unpackReference } from "../../../src/gateway/points/packed-reference.ts";

test("a packed reference holds its own length and no more, and comes back to the bit", () => {
  const columns = [{ feature: "rms", days: [[1 / 3, 2, 0.1, 4, null]] }];
  const reference = { lastMs: 86_400_000, columns } as unknown as Parameters<typeof packReference>[0];
  const packed = packReference(reference);
  expect(packed).toMatchObject({ lastMs: 86_400_000, days: 1 });
  expect(packed.text.buffer.byteLength).toBe(packed.text.byteLength);
  expect(unpackReference(packed)).toEqual(reference);
});
