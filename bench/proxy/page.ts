import { writeFile } from "node:fs/promises";
import { machine, type Section, sectionText } from "../section.js";
import { warmUpSeconds } from "./measure.js";

export async function writePage(
  sections: readonly Section[],
  { seconds, rounds, page }: { readonly seconds: number; readonly rounds: number; readonly page: string },
): Promise<void> {
  await writeFile(
    page,
    `# Proxy benchmark

Written by \`npm run bench -- proxy\`; medians of ${rounds} rounds of ${seconds} s, the proxies turn by turn, each after ${warmUpSeconds(seconds)} s
of load that is not measured. A ratio is the median of the ratios of each round.

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
