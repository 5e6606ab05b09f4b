import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { close, httpUrl, listen } from "../../src/shared/listen.js";

interface Refusal {
  readonly status: number;
  readonly body: string;
}

/**
 * Signs what instances send with an authority of its own, for 127.0.0.1. The first requests are answered with the
 * refusals, one each. It stops when the test is over.
 */
export async function signingService({ refusals = [] }: { readonly refusals?: readonly Refusal[] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "tsworker-signing-"));
  const [key, authority] = [join(folder, "ca.key"), join(folder, "ca.crt")];
  execFileSync(
    "openssl",
    // biome-ignore format: pairs of options and values
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
     "-subj", "/CN=the authority of a test", "-keyout", key, "-out", authority],
    { stdio: "ignore" },
  );
  const extensions = join(folder, "extensions");
  writeFileSync(extensions, "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n");
  const asked: { readonly path: string; readonly contentType: string | undefined }[] = [];
  const server = createServer(async (request, response) => {
    const refusal = refusals[asked.length];
    asked.push({ path: request.url ?? "", contentType: request.headers["content-type"] });
    const csr = join(folder, `${asked.length}.csr`);
    writeFileSync(csr, Buffer.concat(await request.toArray()));
    if (refusal !== undefined) {
      response.writeHead(refusal.status).end(refusal.body);
      return;
    }
    const { stdout } = await promisify(execFile)(
      "openssl",
      // biome-ignore format: pairs of options and values
      ["x509", "-req", "-in", csr, "-CA", authority, "-CAkey", key, "-CAcreateserial", "-days", "2",
       "-extfile", extensions],
    );
    response.end(stdout);
  });
  const url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  onTestFinished(async () => {
    await close(server);
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    url: `${url}/sign_cert/`,
    /** The authority's certificate, PEM. */
    authority: readFileSync(authority, "utf8"),
    /** Every request, oldest first. */
    asked: asked as readonly (typeof asked)[number][],
  };
}
