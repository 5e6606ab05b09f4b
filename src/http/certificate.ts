import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { TsworkerError } from "../errors.js";

/** Paths of a certificate and its private key, both PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

const parse = <T>(file: string, what: string, read: (pem: Buffer) => T): T => {
  try {
    return read(readFileSync(file));
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause);
    throw new TsworkerError("CERTIFICATE_UNREADABLE", `expected ${what} in ${file}: ${fault}`, { cause });
  }
};

/**
 * Makes sure that the TLS server can start: the native server says no more than that it could not.
 *
 * @throws TsworkerError `CERTIFICATE_UNREADABLE` that names the file.
 */
export function checkCertificate({ certificate, key }: CertificateFiles): void {
  const parsed = parse(certificate, "a PEM certificate", (pem) => new X509Certificate(pem));
  const privateKey = parse(key, "a PEM private key", (pem) => createPrivateKey(pem));
  if (!parsed.checkPrivateKey(privateKey)) {
    throw new TsworkerError(
      "CERTIFICATE_UNREADABLE",
      `the key in ${key} does not belong to the certificate in ${certificate}`,
    );
  }
}
