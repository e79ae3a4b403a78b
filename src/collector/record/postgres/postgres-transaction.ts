/** One transaction on one connection: what every one begins with, and how it ends. Tries nothing again. */

/** The connection that it stands on. */
interface Connection {
  exec(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** Opens a transaction: what is locked first is read as it is then, whatever isolation a role is set to. */
export const beginUsual = "BEGIN ISOLATION LEVEL READ COMMITTED";

/**
 * A server may be told to answer a commit before it is on the disk: what is acknowledged must outlive its end. And it may be told to
 * take NULL in a list for a word: all that holds a value that is not known would be refused, and be set aside. The place is another
 * one of a standby that took over, of a server that was started again, of a database or tables that were restored: anybody may ask for it.
 */
const settle = `SELECT concat_ws(' ', extract(epoch FROM pg_postmaster_start_time()), pg_relation_filepath(to_regclass('point'))) AS place,
  ARRAY(SELECT set_config(name, 'on', true) FROM unnest('{synchronous_commit,array_nulls}'::text[]) AS name
    WHERE current_setting(name) = 'off') AS changed`;

/** Commits when `work` resolves, which is told what is behind the address; rolls back when it rejects. */
export async function runTransaction<T, Session extends Connection>(
  session: Session,
  {
    begin,
    isGone,
    work,
  }: {
    readonly begin: string;
    /** Can the connection not be used again? */
    readonly isGone: () => boolean;
    readonly work: (session: Session, place: unknown) => Promise<T>;
  },
): Promise<T> {
  try {
    const [found] = await session.exec(`${begin}; ${settle}`);
    const result = await work(session, found?.place);
    await session.exec("COMMIT");
    return result;
  } catch (error) {
    // One that is gone has rolled back already, or would not answer; the first error is the one that says why.
    if (!isGone()) await session.exec("ROLLBACK").catch(() => {});
    throw error;
  }
}
