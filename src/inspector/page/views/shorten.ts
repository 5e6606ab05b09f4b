/** A text of at most `length` characters: what is too much goes from the middle, because ids differ at their ends. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  if (length < 3) return text.slice(0, Math.max(0, length));
  const tail = Math.floor((length - 1) / 2);
  return `${text.slice(0, length - 1 - tail)}…${text.slice(text.length - tail)}`;
}
