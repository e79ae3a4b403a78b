/**
 * Says who was not let in to the embedded broker, or may not do what it asked there, and why: each at once, the same again once a minute with how often, and never
 * more lines than a person reads. Holds no password.
 */
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";

/** A login that was refused, or a handshake before it. */
export interface RefusedLogin {
  /** As it was given; null: none was. */
  readonly user: string | null;
  readonly address: string;
  /** In words, for whoever runs the broker; the client is told no more than that it was refused. */
  readonly reason: string;
  /** Of what it asked there. Its own choice, so that another one tells no refusals apart: the first is told. */
  readonly topic?: string;
  /** It may as well be a look whether the port is open: said again after an hour only. */
  readonly isVague?: boolean;
}

const sayAgainMs = 60_000;
const sayVagueAgainMs = 3_600_000;
/** Of everybody together, in {@link sayAgainMs}. */
const maxLines = 20;
/** Further ones are counted, and told of together. */
const maxFollowed = 1_000;
const maxUserLength = 64;
const toldTopicLength = 128;

interface Followed {
  saidMs: number;
  unsaid: number;
}

interface AskingClient {
  readonly username: string | null;
  readonly address: string;
}

/** What is said of one refusal, and of those that no line was for. */
interface RefusalWords {
  readonly one: string;
  readonly more: string;
}

const loginWords: RefusalWords = { one: "a login was refused", more: "more logins were refused" };

export function createRefusalLog(
  logger: Logger,
  clock: Pick<Clock, "monotonicMs">,
  words: RefusalWords = loginWords,
): (refused: RefusedLogin) => void {
  const followed = new Map<string, Followed>();
  let beganMs = clock.monotonicMs();
  let lines = 0;
  let unsaid = 0;

  /** Forgets all but `current` that were said long ago. */
  const renew = (nowMs: number, current: string): void => {
    if (nowMs - beganMs < sayAgainMs) return;
    for (const [key, each] of followed) {
      if (key === current || nowMs - each.saidMs < sayVagueAgainMs) continue;
      unsaid += each.unsaid;
      followed.delete(key);
    }
    if (unsaid > 0) logger.warn(words.more, { count: unsaid });
    [beganMs, lines, unsaid] = [nowMs, 0, 0];
  };

  return ({ user, address, reason, topic, isVague }) => {
    const nowMs = clock.monotonicMs();
    const name = user === null ? null : user.slice(0, maxUserLength);
    const key = JSON.stringify([name, address, reason]);
    renew(nowMs, key);
    const known = followed.get(key);
    if (known !== undefined && nowMs - known.saidMs < (isVague ? sayVagueAgainMs : sayAgainMs)) {
      known.unsaid++;
      return;
    }
    if (lines >= maxLines || (known === undefined && followed.size >= maxFollowed)) {
      unsaid++;
      return;
    }
    lines++;
    const before = known?.unsaid ?? 0;
    followed.set(key, { saidMs: nowMs, unsaid: 0 });
    const again = before === 0 ? {} : { sameBefore: before };
    const asked = topic === undefined ? {} : { topic: topic.slice(0, toldTopicLength) };
    logger.warn(words.one, { user: name, address, reason, ...asked, ...again });
  };
}

/** As {@link createRefusalLog}, of what a client that was let in may not do. */
export function createAskLog(
  logger: Logger,
  clock: Pick<Clock, "monotonicMs">,
  words: RefusalWords,
): (client: AskingClient | undefined, topic: string, reason: string) => void {
  const tell = createRefusalLog(logger, clock, words);
  return (client, topic, reason) =>
    tell({ user: client?.username ?? null, address: client?.address ?? "unknown", reason, topic });
}
