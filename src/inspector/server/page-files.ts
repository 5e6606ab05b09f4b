import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../shared/package-root.js";

/** A file of the page. */
export interface PageFile {
  /** Below the page's address; empty for the page itself. */
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json",
};

/**
 * The page as the build left it, read once.
 *
 * @throws where it was not built.
 */
export function pageFiles(): readonly PageFile[] {
  const dist = join(packageRoot, "dist");
  const fileOf = (name: string, path: string): PageFile => ({
    path,
    contentType: CONTENT_TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream",
    body: readFileSync(join(dist, name)),
  });
  return [
    fileOf("inspect-page/index.html", ""),
    fileOf("machine-layouts.json", "assets/machine-layouts.json"),
    ...readdirSync(join(dist, "inspect-page/assets")).map((name) =>
      fileOf(`inspect-page/assets/${name}`, `assets/${name}`),
    ),
  ];
}
