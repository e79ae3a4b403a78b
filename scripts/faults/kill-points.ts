/** Who is killed when: the moments at which something is written down, sent, stored or believed, and any other. */

/** When to kill. */
export type KillMoment =
  /** At any time. */
  | "random"
  /** As it starts, before it is ready. */
  | "starting"
  /** As it ends by itself. */
  | "stopping"
  /** As the gateway logs an alert: it is being written down. */
  | "alert is raised"
  /** As an envelope reaches the broker: it is being stored. */
  | "envelope is sent"
  | "alert is sent"
  /** As a piece of raw evidence reaches the broker: a file is being written. */
  | "piece is sent"
  /** As an acknowledgement reaches the broker: it is being believed. */
  | "acknowledgement is sent";

export type Victim =
  | "gateway"
  /** All that stores and shows in one; where they are apart, what shows. */
  | "collector"
  /** One of the processes that store what gateways send, of any parent. */
  | "worker"
  /** The worker that alone takes pieces of evidence. */
  | "owner"
  /** One of the parents of workers (`--role ingest`), with whatever its end means to them. */
  | "ingest"
  /** Everybody who stores, at once. */
  | "all ingests and workers"
  | "broker"
  | "postgres";

export interface KillPoint {
  readonly victims: readonly Victim[];
  readonly moment: KillMoment;
}

/** Wherever the record is. A victim comes before what it depends on. */
export const killPoints: readonly KillPoint[] = [
  { victims: ["gateway"], moment: "random" },
  { victims: ["gateway"], moment: "starting" },
  { victims: ["gateway"], moment: "stopping" },
  { victims: ["gateway"], moment: "alert is raised" },
  { victims: ["gateway"], moment: "alert is sent" },
  { victims: ["gateway"], moment: "acknowledgement is sent" },
  { victims: ["collector"], moment: "random" },
  { victims: ["collector"], moment: "starting" },
  { victims: ["collector"], moment: "stopping" },
  { victims: ["collector"], moment: "envelope is sent" },
  { victims: ["collector"], moment: "alert is sent" },
  { victims: ["broker"], moment: "random" },
  { victims: ["broker"], moment: "alert is sent" },
  { victims: ["broker"], moment: "acknowledgement is sent" },
  { victims: ["gateway", "collector"], moment: "envelope is sent" },
  { victims: ["gateway", "collector", "broker"], moment: "random" },
];

/** Where it is in PostgreSQL, beside those. */
export const databaseKillPoints: readonly KillPoint[] = [
  { victims: ["postgres"], moment: "random" },
  { victims: ["postgres"], moment: "envelope is sent" },
  { victims: ["postgres"], moment: "alert is sent" },
  { victims: ["postgres"], moment: "acknowledgement is sent" },
  { victims: ["worker"], moment: "random" },
  { victims: ["worker"], moment: "envelope is sent" },
  { victims: ["worker"], moment: "acknowledgement is sent" },
  { victims: ["worker", "postgres"], moment: "envelope is sent" },
  { victims: ["collector", "postgres"], moment: "envelope is sent" },
  { victims: ["gateway", "collector", "broker", "postgres"], moment: "random" },
];

/** Where two processes store and a third one shows. */
export const roleKillPoints: readonly KillPoint[] = [
  { victims: ["worker"], moment: "random" },
  { victims: ["worker"], moment: "envelope is sent" },
  { victims: ["worker"], moment: "alert is sent" },
  { victims: ["worker"], moment: "acknowledgement is sent" },
  { victims: ["worker", "postgres"], moment: "alert is sent" },
  { victims: ["ingest"], moment: "random" },
  { victims: ["ingest"], moment: "starting" },
  { victims: ["ingest"], moment: "stopping" },
  { victims: ["ingest"], moment: "envelope is sent" },
  { victims: ["ingest"], moment: "alert is sent" },
  { victims: ["ingest", "broker"], moment: "alert is sent" },
  { victims: ["all ingests and workers"], moment: "alert is sent" },
  { victims: ["all ingests and workers"], moment: "envelope is sent" },
  { victims: ["collector"], moment: "random" },
  { victims: ["collector"], moment: "starting" },
  { victims: ["collector"], moment: "stopping" },
  { victims: ["broker"], moment: "random" },
  { victims: ["broker"], moment: "envelope is sent" },
  { victims: ["postgres"], moment: "random" },
  { victims: ["postgres"], moment: "envelope is sent" },
  { victims: ["postgres"], moment: "acknowledgement is sent" },
  { victims: ["gateway", "ingest"], moment: "alert is raised" },
  { victims: ["gateway", "collector", "all ingests and workers", "broker", "postgres"], moment: "random" },
];

/** Where windows are cut by workers of the gateway: what is on its way to them and in them ends with it. */
export const cuttingKillPoints: readonly KillPoint[] = [
  { victims: ["gateway"], moment: "random" },
  { victims: ["gateway"], moment: "envelope is sent" },
  { victims: ["gateway"], moment: "stopping" },
  { victims: ["gateway"], moment: "alert is raised" },
  { victims: ["gateway", "collector", "broker"], moment: "random" },
];

/** While pieces of evidence travel to two processes that store. */
export const evidenceKillPoints: readonly KillPoint[] = [
  { victims: ["owner"], moment: "piece is sent" },
  { victims: ["owner", "postgres"], moment: "piece is sent" },
  { victims: ["all ingests and workers"], moment: "piece is sent" },
  { victims: ["owner"], moment: "piece is sent" },
  { victims: ["owner", "broker"], moment: "piece is sent" },
  { victims: ["gateway", "owner"], moment: "piece is sent" },
];
