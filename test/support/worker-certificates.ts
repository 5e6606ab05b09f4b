import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const openssl = (...words: readonly string[]) => promisify(execFile)("openssl", words);

/** A key and its certificate in PEM, with those between it and its root. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface CertificateChain {
  /** Certificate of the root, in PEM. */
  readonly root: string;
  /** A worker's certificate for an address, signed by an intermediate authority of the root. */
  readonly worker: Certificate;
}

/**
 * Makes a chain of real certificates. Like the hosted service's, the root has a path length and no key usage, which strict
 * verification refuses.
 *
 * @param address of the worker.
 */
export async function certificateChain(name: string, address = "127.0.0.1"): Promise<CertificateChain> {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-chain-"));
  const file = (part: string): string => join(folder, part);
  const key = (part: string) =>
    openssl(
      "genpkey",
      "-algorithm",
      "EC",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-out",
      file(`${part}.key`),
    );
  const sign = async (part: string, subject: string, issuer: string, extensions: string): Promise<void> => {
    await writeFile(file(`${part}.ext`), extensions);
    await openssl("req", "-new", "-key", file(`${part}.key`), "-subj", subject, "-out", file(`${part}.csr`));
    const by =
      issuer === part
        ? ["-signkey", file(`${part}.key`)]
        : ["-CA", file(`${issuer}.crt`), "-CAkey", file(`${issuer}.key`), "-CAcreateserial"];
    // biome-ignore format: pairs of options and values
    await openssl("x509", "-req", "-in", file(`${part}.csr`), ...by, "-days", "2",
      "-extfile", file(`${part}.ext`), "-out", file(`${part}.crt`));
  };
  try {
    await Promise.all([key("root"), key("middle"), key("worker")]);
    await sign("root", `/CN=${name} root`, "root", "basicConstraints=critical,CA:TRUE,pathlen:1");
    await sign("middle", `/CN=${name} middle`, "root", "basicConstraints=critical,CA:TRUE,pathlen:0");
    await sign("worker", `/CN=${name} worker`, "middle", `subjectAltName=IP:${address}`);
    const [root, middle, worker, workerKey] = await Promise.all(
      ["root.crt", "middle.crt", "worker.crt", "worker.key"].map((part) => readFile(file(part), "utf8")),
    );
    return { root: String(root), worker: { key: String(workerKey), cert: `${worker}${middle}` } };
  } finally {
    await rm(folder, { recursive: true });
  }
}
