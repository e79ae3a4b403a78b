/**
 * Renders what other brokers need to know of an enrolment: access lists, users and an example of a configuration, for
 * mosquitto 2 and EMQX 5. Makes no secret and writes no file.
 */

import type { Enrolment } from "../../core/contract/enrolment.ts";
import {
  collectorRights,
  deviceRights,
  gatewayRights,
  readerRights,
  type TopicRights,
} from "../../core/contract/topic-rights.ts";

/** Name that the collector logs in with; no gateway may have it. */
export const collectorUser = "aurora-collector";

/** File names and their texts. */
export function renderBrokerFiles(enrolment: Enrolment): Readonly<Record<string, string>> {
  const users = listUsers(enrolment);
  const { tlsHost } = enrolment;
  return {
    "mosquitto.acl": renderMosquittoAcl(users),
    "mosquitto.conf": tlsHost === null ? mosquittoPasswords : mosquittoCertificates,
    "emqx-acl.conf": renderEmqxAcl(users),
    "emqx.conf": tlsHost === null ? emqxPasswords : emqxCertificates,
    ...(tlsHost === null
      ? { "mosquitto.passwd": renderMosquittoUsers(enrolment), "emqx-users.csv": renderEmqxUsers(enrolment) }
      : {}),
  };
}

interface User {
  readonly name: string;
  readonly rights: TopicRights;
}

function listUsers({ base, gateways, readers = [], revokedGateways = [] }: Enrolment): readonly User[] {
  const users: User[] = [
    {
      name: collectorUser,
      rights: collectorRights(
        base,
        revokedGateways.map(({ id }) => id),
      ),
    },
  ];
  for (const { id, site, devices, readTopics } of gateways) {
    const { publish, subscribe } = gatewayRights(base, id, site);
    users.push({ name: id, rights: { publish, subscribe: [...subscribe, ...readTopics] } });
    for (const device of devices)
      users.push({ name: `${id}/${device}`, rights: deviceRights(base, id, device) });
  }
  for (const { id, site } of readers) {
    const near = [...gateways, ...revokedGateways].filter((gateway) => gateway.site === site);
    users.push({
      name: id,
      rights: readerRights(
        base,
        site,
        near.map((gateway) => gateway.id),
      ),
    });
  }
  return users;
}

/** mosquitto.conf(5), `acl_file`: who is in no section, and what is in none of its lines, has no rights. */
function renderMosquittoAcl(users: readonly User[]): string {
  const sections = users.map(({ name, rights }) => {
    const lines = [
      ...rights.publish.map((filter) => `topic write ${filter}`),
      ...rights.subscribe.map((filter) => `topic read ${filter}`),
    ];
    return `user ${name}\n${lines.join("\n")}\n`;
  });
  return `# Written by \`aurora fleet enrol\`; what is changed here by hand is lost.\n\n${sections.join("\n")}`;
}

function renderMosquittoUsers({ users }: Enrolment): string {
  return users.map(({ name, mosquitto }) => `${name}:${mosquitto}\n`).join("");
}

/** EMQX 5, an ACL file: Erlang tuples, the first that matches decides. */
function renderEmqxAcl(users: readonly User[]): string {
  const rules = users.flatMap(({ name, rights }) =>
    (["publish", "subscribe"] as const)
      .filter((action) => rights[action].length > 0)
      .map((action) => `{allow, {username, "${name}"}, ${action}, ${renderList(rights[action])}}.`),
  );
  return `%% Written by \`aurora fleet enrol\`; what is changed here by hand is lost.\n${rules.join("\n")}\n{deny, all}.\n`;
}

function renderList(filters: readonly string[]): string {
  // An Erlang string escapes as JSON does.
  return `[${filters.map((filter) => JSON.stringify(filter)).join(", ")}]`;
}

function renderEmqxUsers({ users }: Enrolment): string {
  const rows = users.map(({ name, emqx }) => `${name},${emqx.hash},${emqx.salt},false\n`);
  return `user_id,password_hash,salt,is_superuser\n${rows.join("")}`;
}

const manyMessages = `# Room for what many gateways have under way to the collector, and for a minute without it.
max_inflight_messages 0
max_queued_messages 100000
`;

const mosquittoPasswords = `# mosquitto.conf: to begin with. Passwords on this listener travel in the clear: put it behind TLS, or enrol with --tls.
listener 1883
allow_anonymous false
password_file /etc/mosquitto/mosquitto.passwd
acl_file /etc/mosquitto/mosquitto.acl
${manyMessages}`;

const mosquittoCertificates = `# mosquitto.conf: to begin with. The common name of a client's certificate is its user name in the access list.
listener 8883
allow_anonymous false
cafile /etc/mosquitto/ca.pem
certfile /etc/mosquitto/cert.pem
keyfile /etc/mosquitto/key.pem
require_certificate true
use_identity_as_username true
acl_file /etc/mosquitto/mosquitto.acl
${manyMessages}`;

const emqxCommon = `authorization {
  no_match = deny
  deny_action = ignore
  sources = [{ type = file, enable = true, path = "/etc/emqx/emqx-acl.conf" }]
}
# By default a worker would be given 32 messages at once, and what comes while 1,000 wait would drive out the oldest.
mqtt.max_inflight = 65535
mqtt.max_mqueue_len = 100000
`;
const untried =
  "# Written by the documentation of EMQX 5, and not tried on one: check with a gateway of your own.\n";

const emqxPasswords = `${untried}# emqx.conf: to begin with; import emqx-users.csv into the built-in database (SHA-256, salt in front).
authentication = [{
  mechanism = password_based, backend = built_in_database, user_id_type = username
  password_hash_algorithm { name = sha256, salt_position = prefix }
}]
${emqxCommon}`;

const emqxCertificates = `${untried}# emqx.conf: to begin with. The common name of a client's certificate is its user name in the access list.
listeners.ssl.default {
  bind = "0.0.0.0:8883"
  ssl_options {
    cacertfile = "/etc/emqx/ca.pem", certfile = "/etc/emqx/cert.pem", keyfile = "/etc/emqx/key.pem"
    verify = verify_peer, fail_if_no_peer_cert = true
  }
}
mqtt.peer_cert_as_username = cn
${emqxCommon}`;
