import { expect, test } from "vitest";
import { openPostgresRecord } from "../../../../src/collector/record/postgres/postgres-record.ts";
import { findFreePort } from "../../../support/free-port.ts";
import { limits } from "../postgres-place.ts";

test("a server that cannot be reached when the record is opened is not said to be tried again", async () => {
  const url = `postgres://aurora@127.0.0.1:${await findFreePort()}/aurora`;
  await expect(openPostgresRecord({ ...limits, url })).rejects.toMatchObject({
    code: "STORE",
    hint: expect.stringMatching(/can be reached; start the collector again/),
  });
});
