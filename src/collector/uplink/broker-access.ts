/**
 * Who may do what on the embedded broker, by the table of rights that access lists are written from; the
 * collector may do everything, a guest read what is told of turbines.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import {
  deviceRights,
  gatewayRights,
  guestRights,
  type TopicRights,
} from "../../core/contract/topic-rights.ts";
import { idPattern } from "../../core/contract/topics.ts";
import type {
  BrokerClient,
  EmbeddedBrokerOptions,
  LoginRefusal,
} from "../../core/platform/mqtt/embedded-broker.ts";
import { filterCovers, topicMatches } from "../../core/platform/mqtt/mqtt-topic.ts";

/** The broker's three questions, and the collector's own way in. */
interface BrokerAccess
  extends Required<Pick<EmbeddedBrokerOptions, "authenticate" | "authorisePublish" | "authoriseSubscribe">> {
  /** Made for this run; no gateway can have this name, since it is no id. */
  readonly own: { readonly username: string; readonly password: string };
}

/**
 * Creates the rules.
 * @param sites site whose turbines a gateway may speak of; one that is not in it may speak of any
 * @param certified gateways and devices that have no password: their certificate's common name is their user name
 * @param passwords of the enrolled gateways by id, and of devices by `<gateway>/<device>`, which no id can be
 */
export function createBrokerAccess(options: {
  readonly base: string;
  readonly passwords: ReadonlyMap<string, string>;
  readonly sites: ReadonlyMap<string, string>;
  readonly anonymousRead: boolean;
  readonly certified?: ReadonlySet<string>;
}): BrokerAccess {
  const { base, anonymousRead, certified = new Set<string>() } = options;
  const own = { username: "$collector", password: randomBytes(32).toString("hex") };
  const digests = new Map([...options.passwords].map(([id, password]) => [id, digest(password)]));
  digests.set(own.username, digest(own.password));
  const unknown = digest(randomBytes(32).toString("hex"));
  const isCollector = (client: BrokerClient): boolean => client.username === own.username;
  const rightsOf = ({ username }: BrokerClient): TopicRights => {
    if (username === null) return guestRights(base);
    const [gateway, device] = username.split("/");
    return gateway === undefined || device === undefined
      ? gatewayRights(base, username, options.sites.get(username) ?? null)
      : deviceRights(base, gateway, device);
  };

  return {
    own,
    authenticate: (client, password) => {
      // Whoever shows a certificate is who it names, and the internal port is for this process alone.
      const { certificateName, username } = client;
      if (certificateName && certificateName !== username) {
        return refuse(`its certificate is of "${certificateName}", which is its user name here`);
      }
      if (client.isInternal && !isCollector(client))
        return refuse("the internal port is the collector's own");
      if (certificateName !== null && certified.has(certificateName)) return true;
      if (username === null && password === null) {
        const none =
          certificateName === "" ? "its certificate has no single common name" : "it gave no user name";
        return anonymousRead || refuse(`${none}, and anonymousRead is off`);
      }
      const expected = digests.get(username ?? "");
      // Compared even for an unknown name, so that the time taken tells nobody which names exist.
      const equal = timingSafeEqual(expected ?? unknown, digest(password ?? new Uint8Array()));
      if (expected === undefined) return refuse(describeUnknown(client, certified));
      return (
        equal || refuse(password === null ? "it gave no password" : "its password is not the enrolled one")
      );
    },
    authorisePublish: (client, topic) =>
      isCollector(client)
        ? topic.startsWith(`${base}/`)
        : rightsOf(client).publish.some((filter) => topicMatches(filter, topic) && namesIds(filter, topic)),
    authoriseSubscribe: (client, filter) =>
      isCollector(client) || rightsOf(client).subscribe.some((outer) => filterCovers(outer, filter)),
  };
}

/** Is each level that a `+` stands for an id? Any other text could cut who reads it off a broker, or end its session (section 1.5.3). */
function namesIds(filter: string, topic: string): boolean {
  const levels = topic.split("/");
  return filter.split("/").every((level, index) => level !== "+" || idPattern.test(levels[index] ?? ""));
}

function refuse(refused: string): LoginRefusal {
  return { refused };
}

function describeUnknown({ username }: BrokerClient, certified: ReadonlySet<string>): string {
  if (username !== null && certified.has(username))
    return "it is enrolled by its certificate, and showed none";
  return "no gateway or device of this name is enrolled";
}

function digest(password: string | Uint8Array): Buffer {
  return createHash("sha256").update(password).digest();
}
