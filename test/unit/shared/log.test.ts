import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("./support/log-main.ts", import.meta.url));
const TOKEN = "token-of-the-worker";

interface Line {
  readonly fields: object;
  readonly error?: string;
  readonly text: string;
}

/** What the log writes. */
function written(token: string, lines: readonly Line[]): string {
  return execFileSync(process.execPath, ["--import", "tsx", MAIN], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, TEST_LINES: JSON.stringify({ token, lines }) },
  });
}

const SECRET = "5ecre7-value";

const CASES: Record<string, Line> = {
  "the token in a text": { fields: {}, text: `the token is ${TOKEN}, twice: ${TOKEN}` },
  "the token in a field": { fields: { note: TOKEN }, text: "" },
  "the token deep inside": { fields: { a: { b: { c: [{ d: `<${TOKEN}>` }] } } }, text: "" },
  "the token in an error's message and stack": { fields: {}, error: `refused ${TOKEN}`, text: "" },
  "the token in JSON within JSON": { fields: { body: JSON.stringify({ note: TOKEN }) }, text: "" },
  mtoken: { fields: { mtoken: SECRET }, text: "" },
  "mtoken in a report": { fields: { report: { mtoken: SECRET } }, text: "" },
  "a signature": { fields: { signature: SECRET }, text: "" },
  "a signature in auth_data": { fields: { auth_data: { signature: SECRET } }, text: "" },
  "a signature in a body": { fields: { body: { auth_data: { signature: SECRET } } }, text: "" },
  "signatures in a list": { fields: { list: [{ signature: SECRET }] }, text: "" },
  session_auth: { fields: { body: { session_auth: { url: SECRET } } }, text: "" },
  "an api_key": { fields: { api_key: SECRET, request: { api_key: SECRET } }, text: "" },
  "an apiKey": { fields: { options: { apiKey: SECRET } }, text: "" },
  "an api_key in a URL": {
    fields: { url: `http://h/route/?api_key=${SECRET}&x=1` },
    text: `GET /?x=1&api_key=${SECRET}`,
  },
  "an api_key in an error": { fields: {}, error: `fetch of http://h/?api_key=${SECRET} failed`, text: "" },
  "an authorization header": { fields: { headers: { authorization: SECRET } }, text: "" },
  "an authorization scheme under whatever name": {
    fields: { headers: { Authorization: `Bearer ${SECRET}` }, raw: ["Authorization", `Bearer ${SECRET}`] },
    text: `sent "Authorization: Bearer ${SECRET}" and "authorization: bearer ${SECRET}"`,
  },
};

describe("the log", () => {
  test("never shows a secret, at any place", () => {
    const names = Object.keys(CASES);
    const output = written(
      TOKEN,
      names.map((name) => ({ ...CASES[name], text: `${name}: ${CASES[name]?.text}` }) as Line),
    );
    const lines = output.trimEnd().split("\n");
    expect(lines).toHaveLength(names.length);
    for (const [index, name] of names.entries()) {
      const line = lines[index] ?? "";
      const { msg }: { msg: string } = JSON.parse(line);
      expect(msg.startsWith(name), line).toBe(true);
      expect(line).not.toContain(SECRET);
      expect(line).not.toContain(TOKEN);
      expect(line).toContain("[redacted]");
    }
  });

  test("never shows a token that has to be written in another way in JSON", () => {
    const token = 'tok"en\\of the worker';
    const [line = ""] = written(token, [{ fields: { note: token }, text: `${token}!` }]).split("\n");
    expect(JSON.parse(line)).toMatchObject({ note: "[redacted]", msg: "[redacted]!" });
  });

  test("shows all else as it is, as a JSON object per line from its level on", () => {
    const lines = written("the-token", [
      { fields: { route: "/go", auth_data: { url: "http://h", cost: 1 } }, text: "nothing secret" },
      { fields: { url: "http://h/?key=1&x=2" }, error: "it broke", text: "" },
    ])
      .trimEnd()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        level: 30,
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        route: "/go",
        auth_data: { url: "http://h", cost: 1 },
        msg: "nothing secret",
      },
      {
        url: "http://h/?key=1&x=2",
        err: { message: "it broke", stack: expect.stringContaining("log-main.ts") },
      },
    ]);
  });

  test("leaves ordinary text alone where it contains a very short token", () => {
    expect(written("a", [{ fields: {}, text: "a banana" }])).toContain("a banana");
    expect(written("", [{ fields: {}, text: "a banana" }])).toContain("a banana");
  });
});
