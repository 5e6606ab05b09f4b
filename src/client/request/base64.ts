/** Bytes to a piece: a multiple of three, so that the pieces' texts make up the whole's. */
const PIECE = 3 * 8192;

/** The base64 text of bytes, in browsers too. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let from = 0; from < bytes.length; from += PIECE) {
    text += btoa(String.fromCharCode(...bytes.subarray(from, from + PIECE)));
  }
  return text;
}
