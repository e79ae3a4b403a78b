/** A component, a failure mode or another dashed name as people write it: `outer-race` → `outer race`. */
export function toWords(name: string): string {
  return name.replaceAll("-", " ");
}
