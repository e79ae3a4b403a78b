/** Finds what a TypeScript source imports, by its text alone. */

/**
 * `import … from "x"`, `export … from "x"` and `import "x"`: between keyword and specifier stand only names, braces,
 * commas and stars, so no parameter list, type or value that holds a string can be taken for an import.
 */
const staticImport = /(?:^|[\n;])\s*(?:import|export)\b\s*(?:[\w$\s{},*]*?\bfrom\b\s*)?(["'])([^"'\n]+)\1/g;

/** The names between keyword and specifier as well. */
const namedImport = /(?:^|[\n;])\s*(?:import|export)\b\s*([\w$\s{},*]*?)\bfrom\b\s*(["'])([^"'\n]+)\2/g;

/** Modules loaded by a call (a bare `resolve` is a promise's, unless it names a file of a package): `import("x")`, `require("x")`, `createRequire(…)("x")`, `getBuiltinModule(…)("x")`. */
const calledImport =
  /(?:\bimport|\brequire|\bresolve(?=\(\s*["'][\w@.-]+\/)|\brequire\.resolve|\bcreateRequire\([^()]*\)|\bgetBuiltinModule(?:\s+as[^()]*\([^()]*\)[^()]*\))?)\s*\(\s*(["'])([^"'\n]+)\1/g;

/** A module whose name is computed would escape every table. */
const computedImport = /\bimport\(\s*(?!["'])/;

/** The source without comments; strings stay. */
export function stripComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

/** Specifiers of everything that `code` (without comments) imports, in order of kind. */
export function readImports(code: string): string[] {
  return [...readStaticImports(code), ...findAll(code, calledImport)];
}

/** Specifiers of what is loaded together with `code`, not when it first asks for it. */
export function readStaticImports(code: string): string[] {
  return findAll(code, staticImport);
}

/**
 * What `code` imports by name, as `[specifier, name]`, under the names that the modules give it. Of a module that it imports
 * whole, or loads by a call, every word of `code` may be a name.
 */
export function* readImportedNames(code: string): Generator<readonly [string, string]> {
  const whole = findAll(code, calledImport);
  for (const [, clause = "", , specifier = ""] of code.matchAll(namedImport)) {
    if (clause.includes("*")) whole.push(specifier);
    for (const name of /\{([^}]*)\}/.exec(clause)?.[1]?.split(",") ?? []) {
      yield [specifier, name.replace(/^\s*(?:type\s+)?(\w*)[\s\S]*$/, "$1")];
    }
  }
  const words = whole.length === 0 ? [] : [...new Set(code.match(/\w+/g))];
  for (const specifier of whole) for (const word of words) yield [specifier, word];
}

function findAll(code: string, pattern: RegExp): string[] {
  return [...code.matchAll(pattern)].map((match) => match[2] ?? "");
}

/** Does `code` import a module by a computed name? */
export function hasComputedImport(code: string): boolean {
  return computedImport.test(code);
}
