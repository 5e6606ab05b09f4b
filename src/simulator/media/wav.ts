/** Samples per second; one channel of 16 bits. */
const SAMPLE_RATE = 24_000;

const BYTES_PER_SAMPLE = 2;
const HEAD_BYTES = 44;

/** A WAV file with a tone. @param hertz its pitch. */
export function tone(seconds: number, hertz: number): Buffer {
  const samples = Math.round(seconds * SAMPLE_RATE);
  const wav = Buffer.alloc(HEAD_BYTES + samples * BYTES_PER_SAMPLE);
  wav.write("RIFF", 0, "latin1");
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write("WAVEfmt ", 8, "latin1");
  wav.writeUInt32LE(16, 16); // length of what describes the samples
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // channels
  wav.writeUInt32LE(SAMPLE_RATE, 24);
  wav.writeUInt32LE(SAMPLE_RATE * BYTES_PER_SAMPLE, 28);
  wav.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  wav.writeUInt16LE(8 * BYTES_PER_SAMPLE, 34);
  wav.write("data", 36, "latin1");
  wav.writeUInt32LE(samples * BYTES_PER_SAMPLE, 40);
  for (let at = 0; at < samples; at += 1) {
    const value = 0.3 * Math.sin((2 * Math.PI * hertz * at) / SAMPLE_RATE);
    wav.writeInt16LE(Math.round(value * 32_767), HEAD_BYTES + at * BYTES_PER_SAMPLE);
  }
  return wav;
}

/** Seconds of a WAV file; undefined for any other file. */
export function wavSeconds(file: Buffer): number | undefined {
  const isWav = file.length >= HEAD_BYTES && file.toString("latin1", 0, 4) === "RIFF";
  if (!isWav || file.toString("latin1", 8, 12) !== "WAVE") return undefined;
  return (file.length - HEAD_BYTES) / Math.max(1, file.readUInt32LE(28));
}
