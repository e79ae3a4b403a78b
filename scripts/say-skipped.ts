/** Says on stderr what could not be tried on this machine: a line of the form in which `.ci/run` counts it. */
export function saySkipped(name: string, why: string): void {
  process.stderr.write(`skipped: ${name}: ${why}\n`);
}
