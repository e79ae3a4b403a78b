/** The schema of `uplink.proto` as data, so that it needs no file at run time. The .proto is normative; a test compares the two. */
import type { IEnum, INamespace, IType } from "protobufjs";
import { lanes } from "../contract/topics.ts";
import { gapReasons, toldUpdateSteps } from "../contract/uplink-record.ts";

/** `name: "type number"`, `repeated type number` or `map type number` (keys of a map are strings). */
type Fields = Readonly<Record<string, string>>;

const messages: Readonly<Record<string, IType | IEnum>> = {
  Lane: enumeration("LANE", lanes),
  Envelope: message({
    major: "uint32 1",
    minor: "uint32 2",
    gateway: "string 3",
    bootId: "string 4",
    lane: "Lane 5",
    firstSequence: "uint64 6",
    oldestSequence: "uint64 7",
    records: "repeated Record 8",
  }),
  Record: oneOf("body", {
    predictionBatch: "PredictionBatch 1",
    alert: "Alert 2",
    driftReport: "DriftReport 3",
    health: "Health 4",
    event: "Event 5",
    update: "Update 6",
    gap: "Gap 7",
    evidencePiece: "EvidencePiece 8",
  }),
  PredictionBatch: message({
    site: "string 1",
    turbine: "string 2",
    component: "string 3",
    modelName: "string 4",
    modelVersion: "string 5",
    failureModes: "repeated string 6",
    startMs: "uint64 7",
    deltaMs: "repeated sint64 8",
    windows: "repeated uint32 9",
    meanPerMille: "repeated uint32 10",
    maxPerMille: "repeated uint32 11",
    shaftDeciRpm: "repeated uint32 12",
    rows: "uint32 13",
    meanRiskBasisPoints: "repeated uint32 14",
    maxRiskBasisPoints: "repeated uint32 15",
    learning: "repeated uint32 16",
  }),
  Alert: message({ id: "string 1", json: "string 2" }),
  FeatureSketch: message({
    feature: "uint32 1",
    counts: "repeated uint32 2",
    invalid: "uint32 3",
    mean: "float 4",
    sumSquares: "float 5",
    min: "float 6",
    max: "float 7",
  }),
  LoadMeasure: enumeration("LOAD_MEASURE", ["power", "speed"]),
  DriftLoad: message({ by: "LoadMeasure 1", band: "sint32 2" }),
  DriftReport: message({
    site: "string 1",
    turbine: "string 2",
    component: "string 3",
    modelName: "string 4",
    modelVersion: "string 5",
    modelDigest: "string 6",
    fromMs: "uint64 7",
    toMs: "uint64 8",
    sketches: "repeated FeatureSketch 9",
    load: "DriftLoad 10",
  }),
  Health: message({
    timeMs: "uint64 1",
    uptimeMs: "uint64 2",
    rssBytes: "uint64 3",
    windowsProcessed: "uint64 4",
    windowsQuarantined: "uint64 5",
    windowsDropped: "uint64 6",
    quarantined: "map uint64 7",
    outboxRecords: "uint64 8",
  }),
  Event: message({ timeMs: "uint64 1", name: "string 2", subject: "string 3", detail: "string 4" }),
  UpdateStep: enumeration("UPDATE_STEP", toldUpdateSteps),
  Update: message({
    timeMs: "uint64 1",
    modelName: "string 2",
    fromVersion: "string 3",
    toVersion: "string 4",
    step: "UpdateStep 5",
    detail: "string 6",
  }),
  GapReason: enumeration("GAP_REASON", gapReasons),
  Gap: message({
    lane: "Lane 1",
    records: "uint64 2",
    fromMs: "uint64 3",
    toMs: "uint64 4",
    reason: "GapReason 5",
    windows: "uint64 6",
    samples: "uint64 7",
  }),
  EvidencePiece: message({ id: "bytes 1", offset: "uint64 2", about: "string 3", data: "bytes 4" }),
};

/** Reflection descriptor, as protobufjs parses it from `uplink.proto`. */
export const uplinkDescriptor: INamespace = {
  nested: { aurora: { nested: { uplink: { nested: { v1: { nested: { ...messages } } } } } } },
};

function message(fields: Fields): IType {
  return {
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, text]) => {
        const [id, type, rule] = text.split(" ").reverse();
        const protoName = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
        const field = {
          ...(rule === "repeated" ? { rule } : {}),
          ...(rule === "map" ? { keyType: "string" } : {}),
          type: type!,
          id: Number(id),
          ...(protoName === name ? {} : { protoName }),
        };
        return [name, field];
      }),
    ),
  };
}

function oneOf(name: string, fields: Fields): IType {
  return { oneofs: { [name]: { oneof: Object.keys(fields) } }, ...message(fields) };
}

/** Numbered from 1; 0 says nothing. */
function enumeration(prefix: string, names: readonly string[]): IEnum {
  const words = ["unspecified", ...names].map((name) => name.toUpperCase().replaceAll("-", "_"));
  return { values: Object.fromEntries(words.map((word, index) => [`${prefix}_${word}`, index])) };
}
