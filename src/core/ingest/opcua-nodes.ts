/**
 * Finds the variables of a configuration at an OPC UA server. A server numbers its namespaces anew at every start, so that
 * `ns=2;s=P` may be another variable tomorrow: a number whose namespace has changed is refused.
 */
import { failed, ok, type Result } from "../contract/result.ts";

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

const maxShown = 100;

/** OPC 10000-6, 5.1.12: a semicolon and a percent sign of the URI are escaped. */
function readUri(uri: string): string {
  return uri.replaceAll("%3B", ";").replaceAll("%25", "%");
}
