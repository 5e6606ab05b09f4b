/**
 * An event is one of those that a descriptor names: the very one; `*`, which is any; or, as in `model.*`, any that
 * begins so, `model` itself included.
 */
export function fitsDescriptor(event: string, descriptor: string): boolean {
  if (descriptor === event || descriptor === "*") return true;
  if (!descriptor.endsWith(".*")) return false;
  return `${event}.`.startsWith(descriptor.slice(0, -1));
}
