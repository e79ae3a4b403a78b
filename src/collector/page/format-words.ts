/** How figures and states are said to people. UTC everywhere: a fleet has many time zones. */

/** `2026-11-20 07:51:03`, UTC. */
export function formatTime(timeMs: number): string {
  if (!Number.isFinite(timeMs) || timeMs <= 0) return "never";
  return new Date(timeMs).toISOString().slice(0, 19).replace("T", " ");
}

/** `12 s`, `5 min`, `3 h 20 min`, `4 d`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  if (minutes < 48 * 60) {
    const rest = minutes % 60;
    return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
  }
  return `${Math.round(minutes / 1440)} d`;
}

/** `93.2 %`. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(share < 0.9995 && share >= 0.0005 ? 1 : 0)} %`;
}

/** With a sign, `+1.23` or `−0.40`; a true minus sign. */
export function formatSigned(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

/** Groups of three digits, `12 345`, with narrow spaces. */
export function formatCount(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** `84 MB`. */
export function formatBytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${Math.round(bytes / 1e6)} MB`;
}

/** A dashed name as words: `full-performance` → `Full performance`. */
export function formatName(name: string): string {
  const words = name.replaceAll("-", " ");
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
