import { createHash } from "node:crypto";

/** Amplitude of a tone, of 32767. */
const AMPLITUDE = 9830;

/** A tone as samples of 16 bits. */
function tone(seconds: number, hertz: number, rate: number): Int16Array {
  return Int16Array.from({ length: Math.round(seconds * rate) }, (_, at) =>
    Math.round(AMPLITUDE * Math.sin((2 * Math.PI * hertz * at) / rate)),
  );
}

/** Sample rate of WAV files, in hertz; one channel of 16 bits. */
const WAV_RATE = 24_000;
const WAV_HEAD_BYTES = 44;

/** A WAV file with a tone. @param hertz its pitch. */
export function wavTone(seconds: number, hertz: number): Buffer {
  const samples = tone(seconds, hertz, WAV_RATE);
  const wav = Buffer.alloc(WAV_HEAD_BYTES + 2 * samples.length);
  wav.write("RIFF", 0, "latin1");
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write("WAVEfmt ", 8, "latin1");
  wav.writeUInt32LE(16, 16); // length of the sample format
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // channels
  wav.writeUInt32LE(WAV_RATE, 24);
  wav.writeUInt32LE(2 * WAV_RATE, 28); // bytes per second
  wav.writeUInt16LE(2, 32); // bytes per sample
  wav.writeUInt16LE(16, 34); // bits per sample
  wav.write("data", 36, "latin1");
  wav.writeUInt32LE(2 * samples.length, 40);
  for (const [at, sample] of samples.entries()) wav.writeInt16LE(sample, WAV_HEAD_BYTES + 2 * at);
  return wav;
}

/** Seconds of a WAV file; undefined for any other file. */
export function wavSeconds(file: Buffer): number | undefined {
  const isWav = file.length >= WAV_HEAD_BYTES && file.toString("latin1", 0, 4) === "RIFF";
  if (!isWav || file.toString("latin1", 8, 12) !== "WAVE") return undefined;
  return (file.length - WAV_HEAD_BYTES) / Math.max(1, file.readUInt32LE(28));
}

/** Sample rate of FLAC files, in hertz, and its code in a frame; two channels of 16 bits. */
const FLAC_RATE = 44_100;
const FLAC_RATE_CODE = 9;
/** Samples of a FLAC frame. */
const BLOCK = 4096;

/** A FLAC file with a tone, the same on both channels. @param hertz its pitch. */
export function flacTone(seconds: number, hertz: number): Buffer {
  const samples = tone(seconds, hertz, FLAC_RATE);
  return flac(samples, samples);
}

/** Encodes a FLAC file. Samples are stored as they are: "verbatim" subframes. */
export function flac(left: Int16Array, right: Int16Array): Buffer {
  const sound = Buffer.alloc(4 * left.length);
  for (let at = 0; at < left.length; at += 1) {
    sound.writeInt16LE(left[at] ?? 0, 4 * at);
    sound.writeInt16LE(right[at] ?? 0, 4 * at + 2);
  }
  const info = Buffer.alloc(38);
  // The last block of metadata, 34 bytes long: sizes of frames, then the format and the number of samples.
  info.writeUInt32BE(0x8000_0022, 0);
  info.writeUInt16BE(BLOCK, 4);
  info.writeUInt16BE(BLOCK, 6);
  const format = (BigInt(FLAC_RATE) << 44n) | (1n << 41n) | (15n << 36n) | BigInt(left.length);
  info.writeBigUInt64BE(format, 14);
  createHash("md5").update(sound).digest().copy(info, 22);
  const frames = Array.from({ length: Math.ceil(left.length / BLOCK) }, (_, number) =>
    flacFrame(number, left, right),
  );
  return Buffer.concat([Buffer.from("fLaC"), info, ...frames]);
}

function flacFrame(number: number, left: Int16Array, right: Int16Array): Buffer {
  const from = number * BLOCK;
  const count = Math.min(BLOCK, left.length - from);
  // Blocks of one size; how many samples follows as 16 bits; two channels of 16 bits.
  const start = Buffer.from([0xff, 0xf8, (7 << 4) | FLAC_RATE_CODE, (1 << 4) | (4 << 1)]);
  const size = Buffer.alloc(2);
  size.writeUInt16BE(count - 1);
  const head = Buffer.concat([start, Buffer.from(String.fromCodePoint(number)), size]);
  const channels = [left, right].map((channel) => {
    const bytes = Buffer.alloc(1 + 2 * count);
    // Verbatim samples.
    bytes[0] = 0b0000_0010;
    for (let at = 0; at < count; at += 1) bytes.writeInt16BE(channel[from + at] ?? 0, 1 + 2 * at);
    return bytes;
  });
  const body = Buffer.concat([head, Buffer.from([checksum(head, 8, 0x07)]), ...channels]);
  const end = Buffer.alloc(2);
  end.writeUInt16BE(checksum(body, 16, 0x8005));
  return Buffer.concat([body, end]);
}

/** A cyclic redundancy check of so many bits. */
function checksum(bytes: Buffer, bits: 8 | 16, polynomial: number): number {
  const top = 1 << (bits - 1);
  const mask = 2 ** bits - 1;
  let rest = 0;
  for (const byte of bytes) {
    rest ^= byte << (bits - 8);
    for (let bit = 0; bit < 8; bit += 1) rest = ((rest << 1) ^ (rest & top ? polynomial : 0)) & mask;
  }
  return rest;
}
