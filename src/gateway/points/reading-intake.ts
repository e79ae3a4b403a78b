/**
 * Takes what devices and SCADA tell of how turbines operate. Each teller is a stream of its own, held against the contract by
 * itself, and noted as its own: two speeds of one turbine are never one. Decides nothing.
 */
import { isOperatingChannel, operatingChannels } from "../../core/contract/config/operating-channels.ts";
import type { Quarantine, Reading, SchemaDrift } from "../../core/contract/stream.ts";
import { createScalarIngest } from "../../core/ingest/scalar-ingest.ts";
import { createLatestReadings, type LatestReadings, type ToldReading } from "./latest-readings.ts";

interface ReadingIntakeOptions {
  /** An older value says nothing of now, ms. */
  readonly maxAgeMs: number;
  /** The turbines that each device sits on. */
  readonly turbinesOf: ReadonlyMap<string, ReadonlySet<string>>;
  /** The contract refuses a reading. Called once for each turbine that its device sits on. */
  readonly setAside: (quarantine: Quarantine, turbine: string) => void;
  readonly onSchemaDrift: (drift: SchemaDrift) => void;
  /** The contract refuses a reading of SCADA's; called before `setAside`, and before the next reading is taken. */
  readonly onRefused: (quarantine: Quarantine) => void;
  /** A good one was noted. */
  readonly onReading: (reading: ToldReading) => void;
}

interface ReadingIntake {
  readonly readings: LatestReadings;
  /** SCADA's; its `deviceId` is the turbine. */
  acceptReading(reading: Reading): void;
  /** A device's: it is taken for the turbines that the device sits on. */
  acceptDeviceReading(reading: Reading): void;
}

export function createReadingIntake(options: ReadingIntakeOptions): ReadingIntake {
  const { turbinesOf, setAside, onRefused } = options;
  const readings = createLatestReadings(options.maxAgeMs);
  const createIngest = (quarantine: (quarantine: Quarantine) => void) =>
    createScalarIngest({
      contractOf: (_teller, channel) =>
        isOperatingChannel(channel) ? operatingChannels[channel] : undefined,
      sink: { quarantine, schemaDrift: options.onSchemaDrift },
    });
  const ofDevice = (device: string): Iterable<string> => turbinesOf.get(device) ?? [];
  // A device may be called as a turbine is.
  const scada = createIngest((quarantine) => {
    onRefused(quarantine);
    setAside(quarantine, quarantine.deviceId);
  });
  const devices = createIngest((quarantine) => {
    for (const turbine of ofDevice(quarantine.deviceId)) setAside(quarantine, turbine);
  });
  const note = (reading: ToldReading): void => {
    readings.note(reading);
    options.onReading(reading);
  };
  return {
    readings,
    acceptReading: (reading) => {
      if (scada.accept(reading)) note({ ...reading, toldBy: null, isShared: false });
    },
    acceptDeviceReading: (reading) => {
      const { deviceId: toldBy } = reading;
      const turbines = turbinesOf.get(toldBy);
      if (turbines === undefined || !devices.accept(reading)) return;
      const isShared = turbines.size > 1;
      for (const turbine of turbines) note({ ...reading, deviceId: turbine, toldBy, isShared });
    },
  };
}
