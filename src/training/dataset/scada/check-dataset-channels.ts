/** Does a data set's configuration fit the channels and the components of what is learnt? Opens no file. */
import type { ChannelContract } from "../../../core/contract/bundle/manifest.ts";
import { suggestWord } from "../../../core/contract/config/config-finding.ts";
import { columnInUnitOf } from "./table-columns.ts";
import type { ScadaTableDataset } from "./table-config.ts";
import { convertUnit } from "./units.ts";

/** A finding about a dataset, at its keys below `dataset`. */
interface DatasetFinding {
  readonly path: readonly (string | number)[];
  readonly problem: string;
}

/** What is wrong with a data set beside the channels and components of its configuration; empty where nothing is. */
export function checkDatasetChannels(
  dataset: ScadaTableDataset,
  channels: readonly ChannelContract[],
  watched: readonly string[],
): DatasetFinding[] {
  const { columns, components = {}, costs, log } = dataset;
  const findings: DatasetFinding[] = findSharedColumns(dataset, channels);
  const names = channels.map(({ name }) => name);
  for (const [channel, column] of Object.entries(columns)) {
    const own = channels.find(({ name }) => name === channel);
    if (own === undefined) {
      const problem = `there is no channel ${channel}${suggestWord(channel, names)}`;
      findings.push({ path: ["columns", channel], problem });
    } else if (typeof column !== "string") {
      const conversion = convertUnit(column.unit, own.unit);
      if (!conversion.ok) findings.push({ path: ["columns", channel, "unit"], problem: conversion.problem });
    }
  }
  for (const [name, component] of Object.entries(components)) {
    if (component === null || watched.includes(component)) continue;
    findings.push({
      path: ["components", name],
      problem: `no residual is of a component ${component}${suggestWord(component, watched)}; write null for one that nobody watches`,
    });
  }
  if (costs !== undefined && "components" in costs) {
    for (const component of watched) {
      if (costs.components[component] !== undefined) continue;
      findings.push({ path: ["costs", "components"], problem: `lacks ${component}` });
    }
    for (const component of Object.keys(costs.components)) {
      if (watched.includes(component)) continue;
      findings.push({
        path: ["costs", "components", component],
        problem: `no residual is of a component ${component}${suggestWord(component, watched)}`,
      });
    }
  }
  if (log === undefined && costs !== undefined) {
    findings.push({
      path: ["costs"],
      problem: "worth needs rates of failures too: name a log, or leave the costs out",
    });
  }
  return findings;
}

/** A column is of one channel: two that read the same are one reading that looks like two. */
function findSharedColumns(
  dataset: ScadaTableDataset,
  channels: readonly ChannelContract[],
): DatasetFinding[] {
  const { time, turbineColumn } = dataset;
  const users = new Map([[time.column.trim(), "the time"]]);
  if (turbineColumn !== undefined) users.set(turbineColumn.trim(), "the turbine");
  return channels.flatMap((channel): DatasetFinding[] => {
    const { name } = channel;
    const column = columnInUnitOf(dataset, channel).column.trim();
    const user = users.get(column);
    users.set(column, name);
    if (user === undefined) return [];
    return [
      { path: ["columns", name], problem: `is the column "${column}", which is that of ${user} already` },
    ];
  });
}
