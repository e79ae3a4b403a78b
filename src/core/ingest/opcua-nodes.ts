/**
 * Finds the variables of a configuration at an OPC UA server. A server numbers its namespaces anew at every start, so that
 * `ns=2;s=P` may be another variable tomorrow: a number whose namespace has changed is refused.
 */
import { failed, ok, type Result } from "../contract/result.ts";
import type { OpcUaValue } from "./opcua-values.ts";

/** Of each node its id at the server whose namespaces these are, in their order; or why it has none. */
export type FindNodes = (namespaces: readonly string[]) => readonly Result<string, string>[];

/** Remembers by which namespace each number went at first. @param nodes as configured: `nsu=URI;s=P`, `ns=2;s=P`, `i=2258` */
export function createNodeFinder(nodes: readonly string[]): FindNodes {
  const first = new Map<number, string>();

  const find = (node: string, namespaces: readonly string[]): Result<string, string> => {
    const [, uri, number, id] = /^(?:nsu=([^;]+);|ns=(\d+);)?(.*)$/s.exec(node)!;
    if (uri !== undefined) {
      const at = namespaces.indexOf(readUri(uri));
      return at < 0 ? failed(`the server has no namespace ${uri}`) : ok(`ns=${at};${id}`);
    }
    const index = Number(number ?? 0);
    // Of OPC UA itself, at every server.
    if (index === 0) return ok(node);
    const now = namespaces[index];
    const before = first.get(index);
    if (before !== undefined && before !== now) {
      const is = now === undefined ? "gone" : `${now.slice(0, maxShown)} now`;
      return failed(`namespace ${index} was ${before.slice(0, maxShown)} and is ${is}`);
    }
    if (now !== undefined) first.set(index, now);
    return ok(node);
  };

  return (namespaces) => nodes.map((node) => find(node, namespaces));
}

/** The namespaces of a server in their order, from its list of them (i=2255), which is never empty; or why it tells none. */
export function readNamespaces({ value, statusName }: OpcUaValue): Result<readonly string[], string> {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  // A text may be null (OPC 10000-6, 5.1.6): a number that no namespace has.
  if (list.length > 0 && list.every((each) => each === null || typeof each === "string"))
    return ok(list.map((each) => (each ?? "") as string));
  const reason = statusName === "Good" ? "this is no list of texts" : statusName.slice(0, maxShown);
  return failed(`the server does not tell its namespaces: ${reason}`);
}

const maxShown = 100;

/** OPC 10000-6, 5.1.12: a semicolon and a percent sign of the URI are escaped. */
function readUri(uri: string): string {
  return uri.replace(/%3b/gi, ";").replaceAll("%25", "%");
}
