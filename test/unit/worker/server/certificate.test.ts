import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkCertificate } from "../../../../src/worker/server/certificate.js";

let folder = "";
const file = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsworker-certificate-"));
  for (const name of ["own", "other"]) {
    execFileSync(
      "openssl",
      // biome-ignore format: pairs of options and values
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
       "-subj", "/CN=tsworker-test", "-keyout", file(`${name}.key`), "-out", file(`${name}.crt`)],
      { stdio: "ignore" },
    );
  }
  writeFileSync(file("nonsense"), "-----BEGIN CERTIFICATE-----\nnonsense\n");
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const check = (certificate: string, key: string) =>
  checkCertificate({ certificate: file(certificate), key: file(key) });

describe("a certificate", () => {
  test("with its key is sound", () => {
    expect(() => check("own.crt", "own.key")).not.toThrow();
  });

  test.each([
    ["missing.crt", "own.key", /expected a PEM certificate in .*missing\.crt: ENOENT/],
    ["nonsense", "own.key", /expected a PEM certificate in .*nonsense: /],
    ["own.key", "own.key", /expected a PEM certificate in .*own\.key: /],
    ["own.crt", "missing.key", /expected a PEM private key in .*missing\.key: ENOENT/],
    ["own.crt", "nonsense", /expected a PEM private key in .*nonsense: /],
    ["own.crt", "own.crt", /expected a PEM private key in .*own\.crt: /],
    ["own.crt", "other.key", /the key in .*other\.key does not belong to the certificate in .*own\.crt/],
  ])("in %s with the key in %s is an error that names the file", (certificate, key, message) => {
    const checking = () => check(certificate, key);
    expect(checking).toThrow(message);
    expect(checking).toThrow(expect.objectContaining({ code: "CERTIFICATE_UNREADABLE" }));
  });
});
