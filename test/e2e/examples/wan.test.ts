import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ExampleFixture } from "../../support/example-fixture.js";

test("the worker measures one video, and the client writes another one into a file", async () => {
  const fixture = await ExampleFixture.readyForTest("wan");
  const rounds = fixture.lines.filter(({ msg }) => msg === "benchmark round");
  expect(rounds).toMatchObject([{ rounds: 1, requests: 1, successes: 1 }]);
  expect(Number(rounds[0]?.throughput) * Number(rounds[0]?.seconds)).toBeCloseTo(10_000, -2);

  const output = await fixture.client("a boat in the fog");
  expect(output).toMatch(/^filming: a boat in the fog\nstep +1 of 2 /);
  const file = await readFile(join(fixture.folder, "wan_00002_.mp4"));
  expect(output).toContain(`saved ${join(fixture.folder, "wan_00002_.mp4")}`);
  expect(file.toString("latin1", 4, 8)).toBe("ftyp");
  // Width and height are the last of the track's head, in 65536ths of a pixel.
  const track = file.indexOf("tkhd") - 4;
  const end = track + file.readUInt32BE(track);
  expect([file.readUInt32BE(end - 8) / 65_536, file.readUInt32BE(end - 4) / 65_536]).toEqual([640, 640]);
  expect(file.readUInt32BE(file.indexOf("stsz") + 12)).toBe(81);

  await eventually(() => expect(fixture.engine.totals.ended.Success).toBe(1));
  const there = await fetch(`${fixture.modelUrl}/view?filename=wan_00002_.mp4&subfolder=video`);
  // By hash: two megabytes are compared for minutes otherwise.
  const hash = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  expect(hash(Buffer.from(await there.arrayBuffer()))).toBe(hash(file));
});

test("a request that would wait for longer than 10 s is refused, so that another worker takes it", async () => {
  // Four steps of ten times 400 ms each are 16 s; a capacity of 625 a second is reported to the engine.
  const fixture = await ExampleFixture.readyForTest("wan", { sim: ["--step-ms", "400"], capacity: 625 });
  const workflow = JSON.parse(
    await readFile(new URL("../../../examples/wan/workflow.json", import.meta.url), "utf8"),
  );
  const payload = { input: { workflow_json: workflow } };
  const options = { cost: 10_000, retry: false } as const;
  const first = fixture.endpoint.request("/generate/sync", payload, options);
  await eventually(async () => expect(await fixture.modelLog()).toContain("Submitted job"));
  const second = await fixture.endpoint.request("/generate/sync", payload, options);
  expect(second.status).toBe(429);
  expect(Number(second.response.headers.get("retry-after"))).toBeGreaterThan(0);
  first.cancel();
  await expect(first).rejects.toThrow();
});
