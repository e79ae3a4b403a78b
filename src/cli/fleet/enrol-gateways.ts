/**
 * Enrols gateways, and those who only read what they tell: makes what each logs in to the broker with, the key that its acknowledgements are checked with, and what
 * the broker must know of it. Everything stays in one folder, for its owner only; nothing that exists is made anew.
 */
import { createHash, pbkdf2Sync, randomBytes } from "node:crypto";
import { join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { EnrolledEntry, EnrolledReader, Enrolment, UserDigest } from "../../core/contract/enrolment.ts";
import { defaultBase, idPattern } from "../../core/contract/topics.ts";
import { makeFolder, writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { nodeFileSystem } from "../../core/platform/files/file-system.ts";
import { readHexKey } from "../../core/platform/files/read-hex-key.ts";
import { filtersMeet } from "../../core/platform/mqtt/mqtt-topic.ts";
import { ackKeyBytes, deriveAckKey } from "../../core/platform/seal-orders.ts";
import { collectorUser } from "./broker-files.ts";
import { enrolledFileOf, loadEnrolment, saveBrokerFiles, saveEnrolment } from "./enrolment.ts";
import { holdEnrolment } from "./hold-enrolment.ts";
import { issueCertificate } from "./issue-certificate.ts";
import { describeLogin, type MadeGatewayLogin, type MadeLogin } from "./made-login.ts";
import { createAuthority, hasAuthority, openAuthority } from "./site-authority.ts";

export interface EnrolRequest {
  readonly dir: string;
  readonly gateways: readonly EnrolledEntry[];
  readonly readers?: readonly EnrolledReader[];
  /** What the folder began with where null; undefined asks for passwords at the first enrolment. */
  readonly base: string | null;
  readonly tlsHost: string | null;
  /** How long certificates hold. */
  readonly days: number;
  readonly nowMs: number;
}

/** What was made, as paths. */
export interface EnrolResult {
  readonly dir: string;
  /** Host of the broker whose clients have certificates; null: they have passwords, and it may be anywhere. */
  readonly tlsHost: string | null;
  /** For the collector: `mqtt.enrolmentKeyFile`. */
  readonly enrolmentKeyFile: string;
  /** For the collector: `mqtt.enrolledFile`. */
  readonly enrolledFile: string;
  readonly collectorDir: string;
  readonly collector: MadeLogin;
  /** Access lists, users, and examples of configurations. */
  readonly brokerDir: string;
  readonly gateways: readonly MadeGatewayLogin[];
  readonly readers: readonly MadeLogin[];
}

const authorityName = "aurora enrolment";
const keyName = "enrolment.key";
const [brokerName, collectorName, gatewaysName, readersName] = ["broker", "collector", "gateways", "readers"];
/** A certificate is renewed into a folder of its owner's id, beside these. */
const ownFolders: ReadonlySet<string> = new Set([brokerName, collectorName, gatewaysName, readersName]);
/** Of folders: for their owner only. */
const privateMode = 0o700;

/**
 * Enrols, one after the other where several do at once.
 * @throws AuroraError USAGE for an id that is enrolled, or a base or host that the folder did not begin with; KEY where the installation's key
 * or the authority's is not there, though something is enrolled; STORE when it cannot be written.
 */
export function enrolGateways(request: EnrolRequest): Promise<EnrolResult> {
  return holdEnrolment(request.dir, () => enrolAlone(request));
}

async function enrolAlone(request: EnrolRequest): Promise<EnrolResult> {
  const { dir } = request;
  const known = await loadEnrolment(dir);
  refuseContradictions(request, known);
  const brokerDir = join(dir, brokerName);
  const collectorDir = join(dir, collectorName);
  for (const folder of [dir, brokerDir, collectorDir, join(dir, gatewaysName)])
    await makeFolder(folder, privateMode);
  const enrolmentKeyFile = join(dir, keyName);
  const installationKey = await openKey(enrolmentKeyFile, known);
  const tlsHost = known?.tlsHost ?? request.tlsHost;
  const issuer = await openIssuer(request, known, tlsHost);
  const users: UserDigest[] = [...(known?.users ?? [])];
  const addLogin = async (id: string, user: string, folder: string): Promise<MadeLogin> => {
    await makeFolder(folder, privateMode);
    const digest = await issuer.writeLogin(user, folder);
    if (digest !== null) users.push(digest);
    return describeLogin({ id, dir: folder, user }, tlsHost);
  };
  if (known === null) {
    await issuer.writeBrokerLogin(brokerDir);
    await addLogin(collectorUser, collectorUser, collectorDir);
  }
  const gateways: MadeGatewayLogin[] = [];
  for (const { id, devices: names } of request.gateways) {
    const folder = join(dir, gatewaysName, id);
    const login = await addLogin(id, id, folder);
    const ackKeyFile = join(folder, "ack.key");
    await writeSecret(ackKeyFile, `${Buffer.from(deriveAckKey(installationKey, id)).toString("hex")}\n`);
    const devices: MadeLogin[] = [];
    for (const name of names) devices.push(await addLogin(name, `${id}/${name}`, join(folder, name)));
    gateways.push({ ...login, ackKeyFile, devices });
  }
  const readers: MadeLogin[] = [];
  for (const { id } of request.readers ?? [])
    readers.push(await addLogin(id, id, join(dir, readersName, id)));
  const enrolment: Enrolment = {
    version: 1,
    base: known?.base ?? request.base ?? defaultBase,
    tlsHost,
    gateways: [...(known?.gateways ?? []), ...request.gateways],
    readers: [...(known?.readers ?? []), ...(request.readers ?? [])],
    users,
    revoked: known?.revoked,
    revokedGateways: known?.revokedGateways,
  };
  await saveBrokerFiles(brokerDir, enrolment);
  // Last: a gateway stands in the list only when everything of it is there.
  await saveEnrolment(dir, enrolment);
  return {
    dir,
    tlsHost,
    enrolmentKeyFile,
    enrolledFile: enrolledFileOf(dir),
    collectorDir,
    collector: describeLogin({ id: collectorUser, dir: collectorDir, user: collectorUser }, tlsHost),
    brokerDir,
    gateways,
    readers,
  };
}

function refuseContradictions(request: EnrolRequest, known: Enrolment | null): void {
  const { dir, base, tlsHost } = request;
  const asked = [...request.gateways, ...(request.readers ?? [])];
  const refuse = (message: string, hint: string): never => {
    throw new AuroraError("USAGE", message, { op: "enrol gateway", subject: dir, hint });
  };
  const enrolled = new Set([
    collectorUser,
    ...[...(known?.gateways ?? []), ...(known?.readers ?? [])].map(({ id }) => id),
  ]);
  const odd = asked.find(({ id }) => !idPattern.test(id));
  if (odd !== undefined)
    refuse(`${odd.id} is no id of a gateway`, "At most 63 characters, with what --count appends.");
  const taken = asked.find(({ id }) => ownFolders.has(id));
  if (taken !== undefined)
    refuse(
      `${taken.id} is the name of a folder of every enrolment`,
      `Choose another id, such as ${taken.id}-1.`,
    );
  const twice = asked.find(({ id }) => enrolled.has(id));
  if (twice !== undefined) refuse(`${twice.id} is enrolled already`, adviseTwice(dir, known, twice.id));
  const struck = asked.find(({ id }) => known?.revoked?.includes(id));
  if (struck !== undefined) refuse(`${struck.id} was revoked`, "Choose another id: no id is given again.");
  for (const { id, devices } of request.gateways) {
    const double = devices.find((device, index) => devices.indexOf(device) !== index);
    if (double !== undefined) refuse(`device ${double} of ${id} is named twice`, "Name each device once.");
  }
  const ownTopics = known?.base ?? base ?? defaultBase;
  const wide = request.gateways
    .flatMap(({ readTopics }) => readTopics)
    .find((filter) => filtersMeet(filter, `${ownTopics}/+/#`));
  if (wide !== undefined)
    refuse(
      `--read ${wide} would let a gateway read what others are told below ${ownTopics}`,
      "Name the bridge's own topics, for example scada/+/values.",
    );
  if (known === null) return;
  if (base !== null && base !== known.base)
    refuse(
      `this enrolment has the topics below ${known.base}`,
      "Leave --base out, or enrol into another folder.",
    );
  if (tlsHost !== null && tlsHost !== known.tlsHost) {
    const how = known.tlsHost === null ? "passwords" : `certificates for the broker ${known.tlsHost}`;
    refuse(`this enrolment has ${how}`, "Leave --tls out, or enrol into another folder.");
  }
}

function adviseTwice(dir: string, known: Enrolment | null, id: string): string {
  const other =
    "Choose another id, or with --count another --from: what a gateway has is never made anew here.";
  if (typeof known?.tlsHost !== "string") return other;
  return `${other} Where its certificate expires, \`aurora keys client ${dir} ${id}\` issues another under the same id.`;
}

/** Makes what clients log in with. */
interface LoginIssuer {
  /** Into `folder`; resolves with what the broker checks it against, or null for a certificate. */
  writeLogin(name: string, folder: string): Promise<UserDigest | null>;
  /** The broker's own certificate and the authority, where there are certificates. */
  writeBrokerLogin(folder: string): Promise<void>;
}

async function openIssuer(
  { dir, days: mostDays, nowMs }: EnrolRequest,
  known: Enrolment | null,
  tlsHost: string | null,
): Promise<LoginIssuer> {
  if (tlsHost === null) return { writeLogin: writePassword, writeBrokerLogin: async () => {} };
  if (known === null && !(await hasAuthority(dir)))
    await createAuthority({ dir, days: 7300, nowMs }, authorityName);
  const authority = await openAuthority({ dir, nowMs });
  const days = Math.min(mostDays, authority.leftDays);
  const write = async (use: "client" | "server", name: string, folder: string): Promise<void> => {
    const { certPem, keyPem } = issueCertificate({ name, use, fromMs: nowMs, days }, authority);
    await writeSecret(join(folder, "key.pem"), keyPem);
    await writeSecret(join(folder, "cert.pem"), certPem);
    await writeSecret(join(folder, "ca.pem"), authority.certPem);
  };
  return {
    writeLogin: async (name, folder) => {
      await write("client", name, folder);
      return null;
    },
    writeBrokerLogin: (folder) => write("server", tlsHost, folder),
  };
}

async function writePassword(name: string, folder: string): Promise<UserDigest> {
  const password = randomBytes(24).toString("base64url");
  await writeSecret(join(folder, "mqtt.password"), `${password}\n`);
  // mosquitto_passwd(1), hash type 7: PBKDF2 with SHA-512, 101 rounds; a random password needs no more.
  const rounds = 101;
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, rounds, 64, "sha512");
  const emqxSalt = randomBytes(16).toString("hex");
  return {
    name,
    mosquitto: `$7$${rounds}$${salt.toString("base64")}$${hash.toString("base64")}`,
    emqx: { salt: emqxSalt, hash: createHash("sha256").update(emqxSalt).update(password).digest("hex") },
  };
}

/** Made where nothing is enrolled yet: another one would take the collector's word from every gateway. */
async function openKey(path: string, known: Enrolment | null): Promise<Uint8Array> {
  if ((await nodeFileSystem.sizeOf(path)) > 0) return readHexKey(path);
  if (known !== null)
    throw new AuroraError("KEY", `${path} is not there`, {
      op: "enrol gateway",
      subject: path,
      hint: "Bring it back for this enrolment: the collector has it, and a copy is kept offline (src/KEYS.md).",
    });
  await writeSecret(path, `${randomBytes(ackKeyBytes).toString("hex")}\n`);
  return readHexKey(path);
}

function writeSecret(path: string, text: string): Promise<void> {
  return writeFileAtomic(path, text, { mode: 0o600 });
}
