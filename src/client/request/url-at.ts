/** A path below a base URL, whichever of the two has the slash between them. */
export const urlAt = (base: string, path: string): string =>
  `${base.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
