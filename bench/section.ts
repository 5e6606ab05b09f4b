import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import Table from "cli-table3";
import { markdownTable } from "./markdown-table.js";

/** A table of a page, and the text above it. */
export interface Section {
  readonly title: string;
  readonly text: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Prints a table: the first column to the left, figures to the right. */
export function printSection({ title, head, rows }: Section): void {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [] },
    colAligns: head.map((_, index) => (index === 0 ? "left" : "right")),
  });
  table.push(...rows.map((row) => [...row]));
  console.log(`\n${title}\n${table.toString()}`);
}

export const sectionText = ({ title, text, head, rows }: Section): string =>
  `## ${title}\n\n${text}\n\n${markdownTable(head, rows)}\n`;

/** The machine that figures were taken on. */
export async function machine(): Promise<string> {
  const version = (await readFile("/proc/version", "utf8").catch(() => "")).split(" ").slice(0, 3).join(" ");
  return `Node.js ${process.version}, ${cpus()[0]?.model ?? "unknown"}, ${version}.`;
}
