/** Writes WAV files, as plain as the format allows: for tests of what reads them. */

export type WavKind = "pcm8" | "pcm16" | "pcm24" | "pcm32" | "float32" | "float64";

interface WavContent {
  readonly kind: WavKind;
  readonly rateHz: number;
  /** Numbers of each channel, of one length. */
  readonly channels: readonly (readonly number[])[];
  readonly extensible?: boolean;
  /** A chunk before the data. */
  readonly note?: string;
}

export function encodeWav({ kind, rateHz, channels, extensible = false, note }: WavContent): Uint8Array {
  const bits = Number(/\d+$/.exec(kind)![0]);
  const tag = kind.startsWith("float") ? 3 : 1;
  const frame = (channels.length * bits) / 8;
  const samples = channels[0]!.length;
  const format = Buffer.alloc(extensible ? 40 : 16);
  format.writeUInt16LE(extensible ? 0xfffe : tag, 0);
  format.writeUInt16LE(channels.length, 2);
  format.writeUInt32LE(rateHz, 4);
  format.writeUInt32LE(rateHz * frame, 8);
  format.writeUInt16LE(frame, 12);
  format.writeUInt16LE(bits, 14);
  if (extensible) {
    format.writeUInt16LE(22, 16);
    format.writeUInt16LE(bits, 18);
    format.writeUInt16LE(tag, 24);
    format.set(Buffer.from("000000001000800000aa00389b71", "hex"), 26);
  }
  const data = Buffer.alloc(samples * frame);
  for (let sample = 0; sample < samples; sample++) {
    for (const [index, values] of channels.entries()) {
      put(data, sample * frame + (index * bits) / 8, { kind, value: values[sample]! });
    }
  }
  const notes = note === undefined ? [] : [chunk("note", Buffer.from(note))];
  const body = Buffer.concat([Buffer.from("WAVE"), chunk("fmt ", format), ...notes, chunk("data", data)]);
  return chunk("RIFF", body);
}

function put(
  data: Buffer,
  at: number,
  { kind, value }: { readonly kind: WavKind; readonly value: number },
): void {
  if (kind === "pcm8") data.writeUInt8(value + 128, at);
  else if (kind === "float32") data.writeFloatLE(value, at);
  else if (kind === "float64") data.writeDoubleLE(value, at);
  else data.writeIntLE(value, at, Number(kind.slice(3)) / 8);
}

function chunk(id: string, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, "latin1");
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes, Buffer.alloc(bytes.length % 2)]);
}
