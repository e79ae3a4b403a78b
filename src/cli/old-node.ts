/** Says of a Node that it is too old for this program. Imports nothing, so that any Node can load it. */

/** The oldest Node that is tested: `engines` of `package.json` says the same. */
const oldest = { major: 20, minor: 19 } as const;

/** Why nothing can run on Node `version` (such as "18.19.0"), with what to do; null: it can. */
export function describeOldNode(version: string): string | null {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return null;
  const { execPath } = process;
  return `Node ${oldest.major}.${oldest.minor} or newer is needed, and ${execPath} is ${version}: install one (https://nodejs.org), or the package for Debian, which brings its own`;
}
