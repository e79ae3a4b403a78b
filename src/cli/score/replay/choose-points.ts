/** Which points a file is of: those of --point, else the one that its description names, else its folder. */
import { basename, dirname, resolve } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { SidecarPart } from "../../../training/dataset/sidecar/sidecar.ts";
import { meansFile, type NamedPoint } from "./replay-options.ts";

/** What points are named by. */
export interface PointNames {
  readonly points: readonly NamedPoint[];
  /** Of a point that nothing else names. */
  readonly nameFolder: (file: string) => string;
}

/** A point, and which channel of the file is its own; null: as for all files. */
interface Target {
  readonly point: string;
  readonly channel: string | null;
}

/** Fails with USAGE where one file would be the same channel of several points. */
export function choosePoints(
  file: string,
  { points, nameFolder }: PointNames,
  parts: readonly SidecarPart[],
): readonly Target[] {
  const own = points.filter(({ patterns }) => patterns.some((pattern) => meansFile(pattern, file)));
  if (own.length === 0) {
    const point = parts.find((part) => part.point !== undefined)?.point ?? nameFolder(file);
    return [{ point, channel: null }];
  }
  const channels = new Set(own.map(({ channel }) => channel));
  if (channels.size === own.length && (own.length === 1 || !channels.has(null))) {
    return own.map(({ name, channel }) => ({ point: name, channel }));
  }
  throw new AuroraError(
    "USAGE",
    `${file} would be of the points ${own.map(({ name }) => name).join(" and ")}`,
    {
      op: "plan replay",
      subject: file,
      hint: "give each file to one point, or each of its points another channel: b1='2004*#0' b2='2004*#1'",
    },
  );
}

/** Name of a point that nothing else names: the folder's, or its path where two have the same name. */
export function createFolderNames(files: readonly string[]): (file: string) => string {
  const folders = new Map<string, Set<string>>();
  for (const file of files) {
    const folder = resolve(dirname(file));
    const name = basename(folder);
    folders.set(name, (folders.get(name) ?? new Set()).add(folder));
  }
  return (file) => {
    const name = basename(resolve(dirname(file)));
    return name === "" || folders.get(name)!.size > 1 ? dirname(file) : name;
  };
}

/** @throws AuroraError USAGE where a --point fits none of the files. */
export function expectUsedPoints(points: readonly NamedPoint[], files: readonly string[]): void {
  for (const { name, patterns } of points) {
    const idle = patterns.find((pattern) => !files.some((file) => meansFile(pattern, file)));
    if (idle === undefined) continue;
    throw new AuroraError("USAGE", `--point ${name}=${idle} fits none of the files`, {
      op: "plan replay",
      subject: "--point",
      hint: `the first file is ${files[0] ?? "none"}; quote a pattern with *`,
    });
  }
}
