import { expect } from "vitest";
import { ask } from "./http-client.js";
import type { WorkerProcess } from "./worker-process.js";

/**
 * Reads the text format strictly: each family has its help and type before its series, and no series occurs twice.
 * Series are named as in the text, labels included.
 */
export function parsed(text: string) {
  const series = new Map<string, number>();
  const types = new Map<string, string>();
  const helps = new Map<string, string>();
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const comment = /^# (HELP|TYPE) ([a-z_0-9:]+) (.+)$/.exec(line);
    if (comment !== null) {
      const [, kind, name = "", rest = ""] = comment;
      const lines = kind === "HELP" ? helps : types;
      expect(lines.has(name), `${kind} of ${name} stands twice`).toBe(false);
      lines.set(name, rest);
      continue;
    }
    const sample = /^([a-z_0-9:]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\})? (\+Inf|[-+.e\d]+)$/.exec(
      line,
    );
    const [, name = "", labels = "", value = ""] = sample ?? [];
    expect(name, line).not.toBe("");
    const family = types.has(name) ? name : name.replace(/_(?:bucket|sum|count)$/, "");
    expect(types.has(family) && helps.has(family), `${line} stands before its help and type`).toBe(true);
    expect(series.has(name + labels), `${name}${labels} stands twice`).toBe(false);
    series.set(name + labels, value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value));
  }
  return { series, types, helps };
}

/** The values of the series that start like this, in their order. */
export const valuesOf = (series: ReadonlyMap<string, number>, start: string): readonly number[] =>
  [...series].filter(([name]) => name.startsWith(start)).map(([, value]) => value);

/** The series of a worker, scraped now. */
export async function scraped(worker: WorkerProcess): Promise<ReadonlyMap<string, number>> {
  const reply = await ask(`${worker.localUrl}/metrics`, { method: "GET" });
  expect(reply).toMatchObject({
    status: 200,
    complete: true,
    headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
  });
  return parsed(reply.body.toString()).series;
}
