/** Writes plain Parquet files for tests: required columns, PLAIN encoding, plain or packed with gzip, any number of row groups. */

/** A column; float64, int32, or int16 (stored as int32). */
export type ParquetData = Float64Array | Int32Array | Int16Array;

/** The bytes of a file whose row groups hold `groupRows` rows. */
export function encodeParquet(
  columns: Readonly<Record<string, ParquetData>>,
  groupRows: number,
  gzip: ((page: Buffer) => Buffer) | null = null,
): Buffer {
  const names = Object.keys(columns);
  const rows = columns[names[0]!]!.length;
  const parts: Buffer[] = [Buffer.from("PAR1")];
  let at = 4;
  const groups: Buffer[] = [];
  for (let from = 0; from < rows; from += groupRows) {
    const count = Math.min(groupRows, rows - from);
    let groupBytes = 0;
    const chunks = names.map((name) => {
      const data = columns[name]!.subarray(from, from + count);
      const wide = data instanceof Int16Array ? Int32Array.from(data) : data;
      const plain = Buffer.from(wide.buffer, wide.byteOffset, wide.byteLength);
      const page = gzip === null ? plain : gzip(plain);
      const header = struct(
        [1, i32(0)],
        [2, i32(plain.length)],
        [3, i32(page.length)],
        [5, struct([1, i32(count)], [2, i32(0)], [3, i32(3)], [4, i32(3)])],
      ).bytes;
      const size = header.length + page.length;
      const meta = struct(
        [1, i32(typeOf(columns[name]!))],
        [2, list(5, [zigzag(0)])],
        [3, list(8, [text(name)])],
        [4, i32(gzip === null ? 0 : 2)],
        [5, i64(count)],
        [6, i64(header.length + plain.length)],
        [7, i64(size)],
        [9, i64(at)],
      );
      const chunk = struct([2, i64(at)], [3, meta]);
      parts.push(header, page);
      at += size;
      groupBytes += size;
      return chunk.bytes;
    });
    groups.push(struct([1, list(12, chunks)], [2, i64(groupBytes)], [3, i64(count)]).bytes);
  }
  const schema = [
    struct([4, binary("schema")], [5, i32(names.length)]).bytes,
    ...names.map((name) => {
      const data = columns[name]!;
      const meaning: Field[] = data instanceof Int16Array ? [[6, i32(16)]] : [];
      return struct([1, i32(typeOf(data))], [3, i32(0)], [4, binary(name)], ...meaning).bytes;
    }),
  ];
  const footer = struct([1, i32(1)], [2, list(12, schema)], [3, i64(rows)], [4, list(12, groups)]).bytes;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([...parts, footer, length, Buffer.from("PAR1")]);
}

function typeOf(data: ParquetData): number {
  return data instanceof Float64Array ? 5 : 1;
}

/** A value of Thrift's compact protocol. */
interface Value {
  readonly type: number;
  readonly bytes: Buffer;
}
type Field = readonly [id: number, value: Value];

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  return Buffer.from([...out, rest]);
}
const zigzag = (value: number): Buffer => varint(value * 2);
const i32 = (value: number): Value => ({ type: 5, bytes: zigzag(value) });
const i64 = (value: number): Value => ({ type: 6, bytes: zigzag(value) });
const text = (value: string): Buffer => Buffer.concat([varint(Buffer.byteLength(value)), Buffer.from(value)]);
const binary = (value: string): Value => ({ type: 8, bytes: text(value) });

function list(type: number, items: readonly Buffer[]): Value {
  const head =
    items.length < 15
      ? Buffer.from([(items.length << 4) | type])
      : Buffer.concat([Buffer.from([0xf0 | type]), varint(items.length)]);
  return { type: 9, bytes: Buffer.concat([head, ...items]) };
}

function struct(...fields: readonly Field[]): Value {
  let last = 0;
  const parts = fields.map(([id, value]) => {
    const head = Buffer.from([((id - last) << 4) | value.type]);
    last = id;
    return Buffer.concat([head, value.bytes]);
  });
  return { type: 12, bytes: Buffer.concat([...parts, Buffer.from([0])]) };
}
