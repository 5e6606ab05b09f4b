interface Mp4Input {
  readonly width: number;
  readonly height: number;
  readonly framesPerSecond: number;
  /** The stream's parameter sets. */
  readonly sequence: Buffer;
  readonly picture: Buffer;
  /** One unit per frame; only the first is a key frame. */
  readonly frames: readonly Buffer[];
}

/** Duration of a frame, in ticks of the file's time scale. */
const TICKS = 512;
/** The identity matrix, in fixed-point numbers. */
const IDENTITY = numbers(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

/** Wraps an H.264 stream in an MP4 file. */
export function mp4({ width, height, framesPerSecond, sequence, picture, frames }: Mp4Input): Buffer {
  const scale = framesPerSecond * TICKS;
  const duration = frames.length * TICKS;
  const samples = frames.map((unit) => Buffer.concat([numbers(unit.length), unit]));
  const type = box("ftyp", "isom", numbers(512), "isomiso2avc1mp41");
  const configuration = [
    Buffer.from([1, ...sequence.subarray(1, 4), 0xff, 0xe1]),
    shorts(sequence.length),
    sequence,
    Buffer.from([1]),
    shorts(picture.length),
    picture,
  ];
  const format = box(
    "avc1",
    ...[numbers(0), shorts(0, 1), numbers(0, 0, 0, 0), shorts(width, height)],
    // 72 points per inch, one frame each, a name of 32 bytes, and 24 bits per pixel.
    ...[numbers(0x480000, 0x480000, 0), shorts(1), Buffer.alloc(32), shorts(24, 0xffff)],
    box("avcC", ...configuration),
  );
  /** @param offset of the first frame in the file. */
  const movie = (offset: number): Buffer => {
    const table = box(
      "stbl",
      box("stsd", numbers(0, 1), format),
      box("stts", numbers(0, 1, frames.length, TICKS)),
      box("stss", numbers(0, 1, 1)),
      box("stsc", numbers(0, 1, 1, frames.length, 1)),
      box("stsz", numbers(0, 0, frames.length, ...samples.map(({ length }) => length))),
      box("stco", numbers(0, 1, offset)),
    );
    const reference = box("dinf", box("dref", numbers(0, 1), box("url ", numbers(1))));
    const media = box(
      "mdia",
      box("mdhd", numbers(0, 0, 0, scale, duration), shorts(0x55c4, 0)),
      box("hdlr", numbers(0, 0), "vide", numbers(0, 0, 0), "video\0"),
      box("minf", box("vmhd", numbers(1, 0, 0)), reference, table),
    );
    const track = box(
      "tkhd",
      numbers(3, 0, 0, 1, 0, duration, 0, 0, 0, 0),
      IDENTITY,
      numbers(width * 65536, height * 65536),
    );
    const head = box(
      "mvhd",
      numbers(0, 0, 0, scale, duration, 0x10000, 0x1000000, 0, 0),
      IDENTITY,
      numbers(0, 0, 0, 0, 0, 0, 2),
    );
    return box("moov", head, box("trak", track, media));
  };
  const start = type.length + movie(0).length + 8;
  return Buffer.concat([type, movie(start), box("mdat", ...samples)]);
}

function box(type: string, ...contents: readonly (string | Buffer)[]): Buffer {
  const body = contents.map((each) => (typeof each === "string" ? Buffer.from(each, "latin1") : each));
  const length = body.reduce((sum, each) => sum + each.length, 8);
  return Buffer.concat([numbers(length), Buffer.from(type, "latin1"), ...body]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, 4 * at);
  return bytes;
}

function shorts(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, 2 * at);
  return bytes;
}
