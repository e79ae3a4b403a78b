import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  hasPostgres,
  type ScratchPostgres,
  startScratchPostgres,
} from "../../../support/scratch-postgres.ts";
import { openAt, query } from "../postgres-place.ts";

describe.skipIf(!hasPostgres)(`PostgreSQL${hasPostgres ? "" : " (not installed)"}`, () => {
  let server: ScratchPostgres;
  beforeAll(async () => {
    server = await startScratchPostgres(["fsync=off"]);
  });
  afterAll(() => server?.close());

  it("lets nobody wait for a holder that was killed before the server's clock was set back by hours", async () => {
    const url = await server.createDatabase();
    const record = await openAt(url);
    const hold = (holder: string): Promise<boolean> => record.holdLease("drift", { holder, forMs: 60_000 });
    expect(await hold("killed")).toBe(true);
    expect(await hold("other")).toBe(false);
    // As the same lease looks by the clock that was set back.
    await query(url, "UPDATE lease SET until = until + interval '5 hours'");
    expect(await hold("other")).toBe(true);
    expect(await hold("killed")).toBe(false);
  });
});
