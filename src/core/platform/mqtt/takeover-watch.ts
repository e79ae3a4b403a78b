/**
 * Suspects from the ends of connections that another process uses this client's id. A broker of MQTT 5 can say so; mosquitto
 * 2.0.11 closes without a word, soon after each connection. Says nothing itself.
 */
import type { Timers } from "../clock.ts";
import type { ConnectionLoss } from "./broker-connection.ts";

/** Hears of connections; a sign counts only while no attempt fails and none lasts. */
interface TakeoverWatch {
  connected(): void;
  /** Returns the hint to give; undefined where nothing speaks for a takeover. */
  lost(loss: ConnectionLoss, wasConnected: boolean): string | undefined;
  close(): void;
}

/** Two that fight wait for at most 30 s each before they come back. */
const lastsMs = 60_000;
/** Once or twice is a broker that was restarted, or the process before this one. */
const minSigns = 3;

/** Creates a watch that has heard nothing; `hint` is what helps if it is a takeover. */
export function createTakeoverWatch(hint: string | undefined, timers: Timers): TakeoverWatch {
  const advice = hint ?? "Another process connects with this client id.";
  let signs = 0;
  let cancel = (): void => {};
  return {
    connected() {
      cancel();
      cancel = timers.after(lastsMs, () => {
        signs = 0;
      });
    },
    lost({ reason }, wasConnected) {
      cancel();
      if (reason === "taken-over") return advice;
      signs = wasConnected && reason === "closed" ? signs + 1 : 0;
      return signs < minSigns ? undefined : `Closed ${signs} times soon after connecting. Perhaps: ${advice}`;
    },
    close: () => cancel(),
  };
}
