import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { tsworkerHere } from "../../support/command-here.js";
import { tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { startedEngine } from "../../support/started-engine.js";
import { tinyWorker } from "../../support/tiny-worker.js";

const MAIN = fileURLToPath(new URL("../../../dist/src/cli/main.js", import.meta.url));
const SLOW = { timeoutMs: 60_000 };

/** An engine with one ready worker whose answers the test sets. @returns the flags that lead there. */
async function worker(answer: Parameters<typeof tinyWorker>[0]) {
  const engine = await startedEngine();
  const { announce, seen, url } = await tinyWorker(answer);
  await announce(engine);
  return { engine, seen, url, flags: ["-e", "endpoint", "-k", "key", "--engine-url", engine.url] };
}

test("call sends one signed request and prints the answer, JSON indented", async () => {
  const { engine, flags, seen, url } = await worker((response) =>
    response.setHeader("content-type", "application/json").end('{"text":"hi","n":[1]}'),
  );
  const command = tsworker("call", "/go", '{"prompt": "a", "max_tokens": 7}', ...flags);
  expect(await command.exitCode, command.stderr()).toBe(0);
  expect(command.stdout()).toBe('{\n  "text": "hi",\n  "n": [\n    1\n  ]\n}\n');
  expect(seen).toMatchObject([
    {
      path: "/go",
      body: {
        auth_data: { cost: 7, signature: engine.sign(url) },
        payload: { prompt: "a", max_tokens: 7 },
      },
    },
  ]);
});

test("call prints a stream as it comes, an event per line", async () => {
  let end: (() => void) | undefined;
  const { flags } = await worker((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write('data: {"n":1}\n\n');
    end = () => response.end('data: {"n":2}\n\ndata: [DONE]\n\n');
  });
  const command = tsworker("call", "/go", "{}", ...flags);
  await eventually(() => command.stdout() === '{"n":1}\n', SLOW);
  end?.();
  expect(await command.exitCode).toBe(0);
  expect(command.stdout()).toBe('{"n":1}\n{"n":2}\n[DONE]\n');
});

test("call --raw prints the bytes of the answer as they are", async () => {
  const bytes = Buffer.from([0, 255, 10, 128, 0]);
  const { flags } = await worker((response) => response.end(bytes));
  const child = spawn(process.execPath, [MAIN, "call", "/go", "{}", "--raw", ...flags]);
  const pieces: Buffer[] = [];
  for await (const piece of child.stdout) pieces.push(piece);
  expect(Buffer.concat(pieces)).toEqual(bytes);
});

test("call - reads the payload from standard input", async () => {
  const { flags, seen } = await worker((response) => response.end("{}"));
  const child = spawn(process.execPath, [MAIN, "call", "/go", "-", ...flags]);
  child.stdin.end('{\n  "prompt": "from a file"\n}\n');
  expect(await text(child.stdout)).toBe("{}\n");
  expect(seen).toMatchObject([{ body: { payload: { prompt: "from a file" } } }]);
});

test("an answer that is not 2xx goes to standard error, with the exit code 1, and the request is not sent again", async () => {
  const { flags, seen } = await worker((response) => response.writeHead(429).end('{"error":"too many"}'));
  const command = tsworker("call", "/go", "{}", "--cost", "5", ...flags);
  expect(await command.exitCode).toBe(1);
  expect(command.stdout()).toBe("");
  expect(command.stderr()).toMatch(/answered 429\n\{"error":"too many"\}\n$/);
  expect(seen).toHaveLength(1);
});

test("an answer that breaks off, and one that does not come, are reported in one line", async () => {
  const broken = await worker((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: 1\n\n", () => response.destroy());
  });
  const first = await tsworkerHere("call", "/go", "{}", ...broken.flags);
  expect(first.exitCode).toBe(1);
  expect(first.stderr).toMatch(/^error: .*broke off.*\n$/);
  const silent = await worker(() => {});
  const second = await tsworkerHere("call", "/go", "{}", "--timeout", "0.5", ...silent.flags);
  expect(second.exitCode).toBe(1);
  expect(second.stderr).toMatch(
    /^error: the answer was not there within 0\.5 s: it was at a worker.*give it more time with --timeout\n$/,
  );
});

test("lines of JSON come as they are written", async () => {
  let end: (() => void) | undefined;
  const { flags } = await worker((response) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" }).write('{"n":1}\n');
    end = () => response.end('{"n":2}');
  });
  const command = tsworker("call", "/go", "{}", ...flags);
  await eventually(() => command.stdout() === '{"n":1}\n', SLOW);
  end?.();
  expect(await command.exitCode).toBe(0);
  expect(command.stdout()).toBe('{"n":1}\n{"n":2}\n');
});

test("a file that is no text comes byte by byte as it is", async () => {
  const bytes = Buffer.from([0, 255, 10, 128, 0]);
  const { flags } = await worker((response) => response.setHeader("content-type", "audio/mpeg").end(bytes));
  const child = spawn(process.execPath, [MAIN, "call", "/go", "{}", ...flags]);
  const pieces: Buffer[] = [];
  for await (const piece of child.stdout) pieces.push(piece);
  expect(Buffer.concat(pieces)).toEqual(bytes);
});

test("a reader that has enough is no failure, and the worker is left", async () => {
  let left = 0;
  const { flags } = await worker((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const timer = setInterval(() => response.write("data: 1\n\n"), 5);
    response.on("close", () => {
      clearInterval(timer);
      left += 1;
    });
  });
  const child = spawn(process.execPath, [MAIN, "call", "/go", "{}", ...flags]);
  const stderr = text(child.stderr);
  child.stdout.once("data", () => child.stdout.destroy());
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(await stderr).toBe("");
  await eventually(() => left === 1, SLOW);
});
