import type { Random } from "./random-split.js";

const NAMES = ["auth_data", "payload", "session_id", "__proto__", "payloads", "payloa", "päyload", "a", ""];
const TEXTS = [
  "",
  "a",
  "hello",
  "\0",
  "é",
  "€",
  "😀",
  "x".repeat(31),
  "y".repeat(32),
  "z".repeat(300),
  "ü".repeat(40),
];
/** First bytes that are worth to be met where another one was. */
const FIRST = [
  0x00,
  0x7f,
  0x80,
  0x81,
  0x90,
  0x91,
  0xa0,
  0xa1,
  0xbf,
  ...Array.from({ length: 33 }, (_, at) => 0xc0 + at),
  0xff,
];
const NO_TEXT = [[0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0xff]];

/** A first byte and a length, in one of the forms that are wide enough. */
function head(
  length: number,
  forms: readonly (readonly [first: number, width: number])[],
  random: Random,
): Buffer {
  const [first, width] = random.pick(forms.filter(([, width]) => length < 2 ** (8 * width)));
  const bytes = Buffer.alloc(1 + width);
  bytes[0] = first;
  bytes.writeUIntBE(length, 1, width);
  return bytes;
}

/** The form that holds a length in its first byte, where it can. */
const short = (length: number, first: number, below: number) =>
  length < below ? ([Buffer.from([first + length])] as const) : [];

function textOf(content: Buffer, random: Random): Buffer {
  const wide = head(
    content.length,
    [
      [0xd9, 1],
      [0xda, 2],
      [0xdb, 4],
    ],
    random,
  );
  return Buffer.concat([random.pick([wide, ...short(content.length, 0xa0, 32)]), content]);
}

function text(random: Random): Buffer {
  const pieces = Array.from({ length: random.below(3) }, () => Buffer.from(random.pick(TEXTS)));
  if (random.below(300) === 0) pieces.push(Buffer.from(random.pick(NO_TEXT)));
  return textOf(Buffer.concat(pieces), random);
}

function number(random: Random): Buffer {
  const bytes = Buffer.from(Array.from({ length: 9 }, () => random.below(256)));
  const [first, width] = random.pick([
    [0xcc, 1],
    [0xcd, 2],
    [0xce, 4],
    [0xcf, 8],
    [0xd0, 1],
    [0xd1, 2],
    [0xd2, 4],
    [0xd3, 8],
    [0xca, 4],
    [0xcb, 8],
  ] as const);
  bytes[0] = first;
  return bytes.subarray(0, 1 + width);
}

function container(random: Random, depth: number, isMap: boolean): Buffer {
  const length = random.below(30) === 0 ? 17 : random.below(5);
  const wide = head(
    length,
    isMap
      ? [
          [0xde, 2],
          [0xdf, 4],
        ]
      : [
          [0xdc, 2],
          [0xdd, 4],
        ],
    random,
  );
  const items = Array.from({ length }, () => [
    ...(isMap
      ? [random.below(3) === 0 ? text(random) : textOf(Buffer.from(random.pick(NAMES)), random)]
      : []),
    value(random, depth - 1),
  ]);
  return Buffer.concat([random.pick([wide, ...short(length, isMap ? 0x80 : 0x90, 16)]), ...items.flat()]);
}

function value(random: Random, depth: number): Buffer {
  switch (random.below(depth > 0 ? 8 : 5)) {
    case 0:
      return text(random);
    case 1:
      return number(random);
    case 2:
      return Buffer.from([random.pick([0x00, 0x7f, 0xe0, 0xff, 0xc0, 0xc2, 0xc3])]);
    case 3: {
      const content = Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)));
      return Buffer.concat([
        head(
          content.length,
          [
            [0xc4, 1],
            [0xc5, 2],
            [0xc6, 4],
          ],
          random,
        ),
        content,
      ]);
    }
    case 4:
      return text(random);
    case 5:
      return container(random, depth, false);
    default:
      return container(random, depth, true);
  }
}

/** One of some ways to damage a body; it may still be valid. */
function damaged(body: Buffer, random: Random): Buffer {
  const at = random.below(body.length + 1);
  const end = Math.min(body.length, at + random.below(4));
  switch (random.below(5)) {
    case 0:
      return body.subarray(0, at);
    case 1:
      return Buffer.concat([body.subarray(0, at), body.subarray(end)]);
    case 2:
      return Buffer.concat([body.subarray(0, at), Buffer.from([random.pick(FIRST)]), body.subarray(end)]);
    case 3:
      return Buffer.concat([body.subarray(0, end), body.subarray(at)]);
    default: {
      const flipped = Buffer.from(body);
      if (at < body.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
      return flipped;
    }
  }
}

/** Bytes that are a msgpack value, almost one, or none. */
export function randomMsgpack(random: Random): Buffer {
  if (random.below(10) === 0)
    return Buffer.from(Array.from({ length: random.below(12) }, () => random.pick(FIRST)));
  if (random.below(200) === 0)
    return Buffer.concat([Buffer.alloc(254 + random.below(4), 0x91), Buffer.from([0xc0])]);
  let body = random.below(10) === 0 ? value(random, 3) : container(random, 3, true);
  for (let damage = random.below(4) - 1; damage > 0; damage--) body = Buffer.from(damaged(body, random));
  return body;
}
