/** Who calls a command, for what is kept of an order. */
import { userInfo } from "node:os";

/** The local user's name, or number where the account has none; at most 64 characters. */
export function nameUser(): string {
  try {
    return userInfo().username.slice(0, 64);
  } catch {
    // An account without an entry has a number only.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
