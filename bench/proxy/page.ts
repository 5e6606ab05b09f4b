import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import Table from "cli-table3";
import { markdownTable } from "../markdown-table.js";
import type { Section } from "./rounds.js";

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

/** The machine that figures were taken on. */
export async function machine(): Promise<string> {
  const version = (await readFile("/proc/version", "utf8").catch(() => "")).split(" ").slice(0, 3).join(" ");
  return `Node.js ${process.version}, ${cpus()[0]?.model ?? "unknown"}, ${version}.`;
}

const sectionText = ({ title, text, head, rows }: Section): string =>
  `## ${title}\n\n${text}\n\n${markdownTable(head, rows)}\n`;

export async function writePage(
  sections: readonly Section[],
  { seconds, rounds, page }: { readonly seconds: number; readonly rounds: number; readonly page: string },
): Promise<void> {
  await writeFile(
    page,
    `# Proxy benchmark

Written by \`npm run bench -- proxy\`; medians of ${rounds} rounds of ${seconds} s, the proxies turn by turn. A ratio is the median of
the ratios of each round.

The proxy under test has one core for itself; the load generator, the model (which answers at once) and an engine at idle priority
share another. The worker runs with signature checks, all actors, metrics and reports; nginx (\`proxy_pass\`, keep-alive) and the bare
\`node:http\` proxy only pass bytes on. The floor is the least that the worker's own libraries can do: uWebSockets.js in, \`node:net\`
out, without queue, limits, reports or error handling; \`parse\` parses the envelope, looks its signature up and sends the payload,
\`bare\` passes bytes on. CPU time is that of the proxy process, the kernel's share included. RSS is read after the run, and at rest
before the first load; nginx's is that of its two processes.

${await machine()}

${sections.map(sectionText).join("\n")}`,
  );
  console.log(`\nwritten to ${page}`);
}
