/**
 * Options of the Node process that runs a daemon. A young generation of 2 MB instead of 16: what a daemon allocates
 * dies at once (socket chunks, messages), and the smaller space keeps a gateway some 25 MB smaller at the same
 * throughput (`npm run bench`). The `aurora` command's first line says the same.
 */
export const daemonNodeOptions: readonly string[] = ["--max-semi-space-size=2"];
