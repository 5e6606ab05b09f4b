/** A body that a stranger sends: unsigned, and made to be as much work as it can be. */
export interface Shape {
  readonly name: string;
  readonly route: "/plain" | "/parsed" | "/multipart";
  readonly type: "application/json" | "application/msgpack";
  /** The body in pieces. The same piece may occur in it many times, so that long bodies take little memory. */
  readonly pieces: () => readonly Buffer[];
  readonly isQuick: boolean;
}

const MB = 1_000_000;
const PIECE_BYTES = MB;

/** A text over and over, so many bytes in all. */
function repeated(unit: string | Buffer, bytes: number): readonly Buffer[] {
  const one = Buffer.from(unit);
  const units = Math.floor(bytes / one.length);
  const inPiece = Math.min(units, Math.ceil(PIECE_BYTES / one.length));
  const piece = Buffer.alloc(inPiece * one.length, one);
  const rest = piece.subarray(0, (units % inPiece) * one.length);
  return [...Array.from({ length: Math.floor(units / inPiece) }, () => piece), rest];
}

/** So many different texts. */
function numbered(count: number, text: (index: number) => string): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, index) => text(index)).join(","));
}

const AUTH = JSON.stringify({
  cost: "1",
  endpoint: "e",
  reqnum: 1,
  request_idx: 1,
  signature: "AAAA",
  url: "http://127.0.0.1:1",
});

/** An envelope around the text of a value in the payload, as known clients send it. */
const enveloped = (value: readonly (string | Buffer)[]): readonly Buffer[] =>
  [`{"auth_data":${AUTH},"payload":{"a":`, ...value, "}}"].map((piece) => Buffer.from(piece));

/** The same with `auth_data` behind the payload. */
const authLast = (value: readonly (string | Buffer)[]): readonly Buffer[] =>
  [`{"payload":{"a":`, ...value, `},"auth_data":${AUTH}}`].map((piece) => Buffer.from(piece));

const list = (unit: string, bytes: number): readonly (string | Buffer)[] => [
  "[",
  ...repeated(`${unit},`, bytes),
  `${unit}]`,
];

const text = (unit: string, bytes: number): readonly (string | Buffer)[] => [
  '"',
  ...repeated(unit, bytes),
  '"',
];

/** A msgpack envelope without authentication, and in its payload an array of so many equal values. */
function packed(unit: readonly number[], count: number): readonly Buffer[] {
  const array = Buffer.from([0xdd, 0, 0, 0, 0]);
  array.writeUInt32BE(count, 1);
  const head = [Buffer.from([0x81, 0xa7]), Buffer.from("payload"), Buffer.from([0x81, 0xa1, 0x61]), array];
  return [...head, ...repeated(Buffer.from(unit), unit.length * count)];
}

const json = (
  name: string,
  pieces: () => readonly Buffer[],
  { route = "/plain", isQuick = false }: Partial<Pick<Shape, "route" | "isQuick">> = {},
): Shape => ({ name, route, type: "application/json", pieces, isQuick });

const msgpack = (name: string, unit: readonly number[], count: number, isQuick = false): Shape => ({
  name,
  route: "/plain",
  type: "application/msgpack",
  pieces: () => packed(unit, count),
  isQuick,
});

const UINT64 = [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
const MANY_KEYS = Array.from({ length: 30 }, (_, index) => `"a${index}":1`).join(",");
const quick = { isQuick: true };

/** The bodies, by what is many in them. */
export const SHAPES: readonly Shape[] = [
  json("1 MB of {}", () => enveloped(list("{}", MB)), quick),
  json("11 MB of {}", () => enveloped(list("{}", 11 * MB))),
  json("1 MB of {}, auth_data last", () => authLast(list("{}", MB)), quick),
  json("11 MB of {}, auth_data last", () => authLast(list("{}", 11 * MB))),
  json("11 MB of []", () => enveloped(list("[]", 11 * MB))),
  json("lists, 3.9 million deep", () => enveloped([...repeated("[", 3.9e6), ...repeated("]", 3.9e6)])),
  json("objects, 1.7 million deep", () =>
    enveloped([...repeated('{"a":', 5 * 1.7e6), "1", ...repeated("}", 1.7e6)]),
  ),
  json("63 MB of 1,", () => enveloped(list("1", 63 * MB))),
  json("105 MB of 1.5,", () => enveloped(list("1.5", 105 * MB))),
  json('31 MB of "",', () => enveloped(list('""', 31 * MB))),
  json("250 MB of spaces", () => enveloped([...repeated(" ", 250 * MB), "1"])),
  json("250 MB of spaces, auth_data last", () => authLast([...repeated(" ", 250 * MB), "1"])),
  json('a text of 250 MB of \\"', () => enveloped(text('\\"', 250 * MB))),
  json("a text of 250 MB of \\\\", () => enveloped(text("\\\\", 250 * MB))),
  json('250 MB of \\" without an end', () => [Buffer.from('"'), ...repeated('\\"', 250 * MB)]),
  json("a text of 250 MB", () => enveloped(text("a", 250 * MB))),
  json("a number of 250 MB", () => enveloped(repeated("1", 250 * MB))),
  json("3.5 million keys", () =>
    enveloped(["{", numbered(3.5e6, (index) => `"k${index.toString(36)}":1`), "}"]),
  ),
  json("1.9 million objects of one key each", () =>
    enveloped(["[", numbered(1.9e6, (index) => `{"k${index.toString(36)}":1}`), "]"]),
  ),
  json("3.5 million integer keys", () =>
    enveloped(["{", numbered(3.5e6, (index) => `"${(index * 7919) % 4294967291}":1`), "}"]),
  ),
  json("3.5 million keys at the top level", () => [
    Buffer.from("{"),
    numbered(3.5e6, (index) => `"k${index.toString(36)}":1`),
    Buffer.from(',"payload":{}}'),
  ]),
  json("120,000 objects of 31 keys", () =>
    enveloped(["[", numbered(120_000, (index) => `{${MANY_KEYS},"k${index}":1}`), "]"]),
  ),
  json("requestParser: 11 MB of {}", () => enveloped(list("{}", 11 * MB)), { route: "/parsed" }),
  json("requestParser: a text of 250 MB of \\u0001", () => enveloped(text("\\u0001", 250 * MB)), {
    route: "/parsed",
  }),
  json("multipart: a text of 250 MB of \\u0001", () => enveloped(text("\\u0001", 250 * MB)), {
    route: "/multipart",
  }),
  json("multipart: 63 MB of 1,", () => enveloped(list("1", 63 * MB)), { route: "/multipart" }),
  msgpack("msgpack: 100,000 empty maps", [0x80], 100_000, true),
  msgpack("msgpack: 4.1 million empty maps", [0x80], 4.1e6),
  msgpack("msgpack: 3.9 million empty maps", [0x80], 3.9e6),
  msgpack("msgpack: 33 million nil", [0xc0], 33e6),
  msgpack("msgpack: 16 million empty lists", [0x90], 16e6),
  msgpack("msgpack: 27 million uint64", UINT64, 27e6),
  msgpack("msgpack: 16 million empty texts", [0xa0], 16e6),
  msgpack("msgpack: 4 million empty byte strings", [0xc4, 0], 4e6),
];
