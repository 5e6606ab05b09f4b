import type { Random } from "./random-split.js";

const BLANKS = ["", "", "", " ", "\n", "\t", "\r\n  "];
const NAMES = [
  '"auth_data"',
  '"payload"',
  '"session_id"',
  '"__proto__"',
  '"\\u0061uth_data"',
  '"auth\\u005fdata"',
  '"pay\\u006Coad"',
  '"\\u005F_proto__"',
  '"payloads"',
  '"payloa"',
  '"Payload"',
  '"payload\\u0000"',
  '"pay\\/load"',
  '"payloa\\u0164"',
  '"päyload"',
  '"session_id😀"',
  '"a"',
  '""',
];
const TEXTS = [
  "",
  "a",
  "hello world",
  '\\"',
  "\\\\",
  "\\/",
  "\\b\\f\\n\\r\\t",
  "\\u0041",
  "\\ud83d\\ude00",
  "\\ud800",
  "é",
  "€",
  "😀",
  "\x7f",
  "}]{[,:",
  "A".repeat(30),
  "B".repeat(70),
  "C".repeat(300),
  "D".repeat(600),
  "ü".repeat(20),
  "日本語".repeat(30),
];
const NUMBERS = [
  "0",
  "-0",
  "1",
  "-1",
  "12",
  "0.5",
  "-0.0",
  "1e5",
  "1E+5",
  "2e-3",
  "0e0",
  "12.50e10",
  "9".repeat(40),
  "1e999",
];
const FAULTS = [
  ...[
    "01",
    "-",
    "+1",
    ".5",
    "1.",
    "1e",
    "1e+",
    "--1",
    "0x1",
    "1_0",
    "NaN",
    "Infinity",
    "-Infinity",
    "undefined",
  ],
  ...[
    "tru",
    "True",
    "nul",
    "falsee",
    "'a'",
    "a",
    '"',
    '"\\"',
    '"\\x41"',
    '"\\u12"',
    '"\\u12g4"',
    '"\n"',
    '"\0"',
    '"\t"',
    '"\x1f"',
  ],
  ...[
    "[,]",
    "[1,]",
    "{,}",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    "{a:1}",
    "{1:1}",
    "[1 2]",
    '["a" "b"]',
    "[",
    "]",
    "{",
    "}",
    "[}",
    "{]",
  ],
  ...["/* a */ 1", "1 // a", "\ufeff1", "\u00a01", "\u20281", "\v1", "\f1", "", ":", ",", "1,2", "1 1"],
];
const TOKENS = [
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  '"',
  "\\",
  "0",
  "1",
  "-",
  ".",
  "e",
  "E",
  "+",
  " ",
  "\n",
  "t",
  "true",
  "null",
  "u",
  "\\u",
  "\0",
  "\x1f",
  "é",
];
const BYTES = [
  0x00, 0x1f, 0x20, 0x22, 0x5c, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff,
];

const text = (random: Random): string =>
  `"${Array.from({ length: random.below(4) }, () => random.pick(TEXTS)).join("")}"`;

const spaced = (token: string, random: Random): string =>
  `${random.pick(BLANKS)}${token}${random.pick(BLANKS)}`;

function randomObject(random: Random, depth: number): string {
  const fields = Array.from({ length: random.below(6) }, () => {
    const name = random.below(4) === 0 ? text(random) : random.pick(NAMES);
    return `${spaced(name, random)}:${randomValue(random, depth - 1)}`;
  });
  return `{${fields.join(",")}${random.pick(BLANKS)}}`;
}

function randomValue(random: Random, depth: number): string {
  if (random.below(200) === 0) return random.pick(FAULTS);
  switch (random.below(depth > 0 ? 8 : 5)) {
    case 0:
    case 1:
      return spaced(text(random), random);
    case 2:
    case 3:
      return spaced(random.pick(NUMBERS), random);
    case 4:
      return spaced(random.pick(["true", "false", "null"]), random);
    case 5:
      return spaced(
        `[${Array.from({ length: random.below(5) }, () => randomValue(random, depth - 1)).join(",")}${random.pick(BLANKS)}]`,
        random,
      );
    default:
      return spaced(randomObject(random, depth), random);
  }
}

/** One of some ways to damage a body; it may still be valid. */
function damaged(body: Buffer, random: Random): Buffer {
  const at = random.below(body.length + 1);
  const end = Math.min(body.length, at + random.below(4));
  switch (random.below(6)) {
    case 0:
      return body.subarray(0, at);
    case 1:
      return Buffer.concat([body.subarray(0, at), body.subarray(end)]);
    case 2:
      return Buffer.concat([body.subarray(0, at), Buffer.from(random.pick(TOKENS)), body.subarray(at)]);
    case 3:
      return Buffer.concat([body.subarray(0, end), body.subarray(at)]);
    case 4:
      return Buffer.concat([body.subarray(0, at), Buffer.from([random.pick(BYTES)]), body.subarray(end)]);
    default: {
      const flipped = Buffer.from(body);
      if (at < body.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
      return flipped;
    }
  }
}

/** A text that is JSON, almost JSON, or none. */
export function randomJson(random: Random): Buffer {
  if (random.below(10) === 0) return Buffer.from(random.pick(FAULTS));
  if (random.below(10) === 0)
    return Buffer.from(Array.from({ length: random.below(12) }, () => random.pick(TOKENS)).join(""));
  let body = Buffer.from(
    random.below(10) === 0 ? randomValue(random, 3) : spaced(randomObject(random, 3), random),
  );
  for (let damage = random.below(4) - 1; damage > 0; damage--) body = Buffer.from(damaged(body, random));
  return body;
}
