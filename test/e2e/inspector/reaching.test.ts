import { describe, expect, test } from "vitest";
import type { Frame } from "../../../src/inspector/recorder/frames.js";
import { tsworker } from "../../support/command-line.js";
import { FakeInspector, startFakeInspector } from "../../support/fake-inspector.js";
import { freePort } from "../../support/free-port.js";
import { helloOf } from "../../support/inspect-frames.js";
import { linesOf } from "../../support/inspected.js";

describe("the address", () => {
  test.each([
    ["", "/inspect/socket"],
    ["/", "/inspect/socket"],
    ["/inspect", "/inspect/socket"],
    ["/inspect/?token=a%20b", "/inspect/socket?token=a%20b"],
    ["/inspect/socket", "/inspect/socket"],
  ])("may end in '%s'", async (end, expected) => {
    const { inspector, url } = await startFakeInspector(helloOf());
    const command = tsworker("inspect", url + end);
    await inspector.attached(1);
    command.signal("SIGTERM");
    expect(await command.exitCode).toBe(0);
    expect(inspector.asked.map((path) => path.replace("+", "%20"))).toEqual([expected]);
  });

  test("may be one of a WebSocket or have no scheme, and the token is an option", async () => {
    const { inspector, url } = await startFakeInspector(helloOf());
    const commands = [
      tsworker("inspect", url.replace("http", "ws"), "--token", "t&1"),
      tsworker("inspect", url.slice("http://".length), "--token", "t&1"),
    ];
    await inspector.attached(2);
    inspector.close(1001);
    expect(await Promise.all(commands.map(({ exitCode }) => exitCode))).toEqual([0, 0]);
    expect(inspector.asked).toEqual(["/inspect/socket?token=t%261", "/inspect/socket?token=t%261"]);
  });
});

describe("one clear error and the exit code 1", () => {
  const failure = async (url: string): Promise<string> => {
    const command = tsworker("inspect", url);
    expect(await command.exitCode).toBe(1);
    expect(command.stdout()).toBe("");
    expect(linesOf(command.stderr())).toHaveLength(1);
    return command.stderr();
  };

  test("where no server listens", async () => {
    const port = await freePort();
    const text = await failure(`http://127.0.0.1:${port}`);
    expect(text).toContain(`error: no worker reached at 127.0.0.1:${port}: connect ECONNREFUSED`);
    expect(text).toContain("name its second port");
  });

  test.each(["ftp://127.0.0.1:1", "http://", "a b"])("for an address such as '%s'", async (address) => {
    expect(await failure(address)).toContain(
      `error: expected the worker's second port, such as http://127.0.0.1:3001, got ${address}`,
    );
  });

  test("where something else answers", async () => {
    const { url } = await startFakeInspector(helloOf());
    expect(await failure(`${url}/elsewhere`)).toContain("it answered 404; start the worker with INSPECT=1");
  });

  test.each([
    ["a wrong token", 4401, "the token is missing or wrong: name it by --token"],
    ["too many pages", 4429, "too many others are attached"],
    ["something unknown", 1011, "it closed with 1011 oh no"],
  ])("where it is refused for %s", async (_, code, reason) => {
    const inspector = new FakeInspector();
    const url = await inspector.start((socket) => socket.close(code, "oh no"));
    expect(await failure(url)).toContain(reason);
  });

  test.each([
    ["text", (socket: { send(data: string | Buffer): void }) => socket.send("hello")],
    ["garbage", (socket: { send(data: string | Buffer): void }) => socket.send(Buffer.from([0xc1, 0xff]))],
    [
      "nothing that is known",
      (socket: { send(data: string | Buffer): void }) => socket.send(Buffer.from([1])),
    ],
  ])("where it is sent %s", async (_, greet) => {
    const url = await new FakeInspector().start(greet);
    expect(await failure(url)).toContain("its frames are unknown");
  });

  test("where the worker uses another format", async () => {
    const { url } = await startFakeInspector({ ...helloOf(), format: 2 } as unknown as Frame);
    expect(await failure(url)).toContain("expected frames of format 1, got 2");
  });
});
