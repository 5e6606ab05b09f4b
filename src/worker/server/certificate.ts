import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { TsworkerError } from "../../shared/errors.js";
import type { Log } from "../../shared/log.js";
import type { CertificateFiles } from "./http-server.js";

/** Milliseconds between two checks of the files. */
const WATCH_INTERVAL_MS = 5000;

const parse = <T>(file: string, content: string, read: (pem: Buffer) => T): T => {
  try {
    return read(readFileSync(file));
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause);
    throw new TsworkerError("CERTIFICATE_UNREADABLE", `expected ${content} in ${file}: ${fault}`, { cause });
  }
};

/**
 * Checks that the TLS server can start: the native server reports no reason when it cannot.
 *
 * @returns the certificate's fingerprint.
 * @throws TsworkerError `CERTIFICATE_UNREADABLE` that names the file.
 */
export function checkCertificate({ certificate, key }: CertificateFiles): string {
  const parsed = parse(certificate, "a PEM certificate", (pem) => new X509Certificate(pem));
  const privateKey = parse(key, "a PEM private key", (pem) => createPrivateKey(pem));
  if (!parsed.checkPrivateKey(privateKey)) {
    throw new TsworkerError(
      "CERTIFICATE_UNREADABLE",
      `the key in ${key} does not belong to the certificate in ${certificate}`,
    );
  }
  return parsed.fingerprint256;
}

/**
 * Watches for a certificate that is renewed while the worker runs.
 *
 * @param renew is called when the files hold another pair that fits together.
 * @returns stops watching.
 */
export function watchCertificate(files: CertificateFiles, renew: () => Promise<void>, log: Log): () => void {
  let renewed: string | undefined;
  const onChange = async (): Promise<void> => {
    try {
      const fingerprint = checkCertificate(files);
      // A change of both files is reported twice.
      if (fingerprint === renewed) return;
      renewed = fingerprint;
      await renew();
      log.info({ certificate: files.certificate }, "certificate renewed");
    } catch (error) {
      renewed = undefined;
      // Usually the second of the two files is still to be written.
      log.warn({ err: error }, "renewed certificate not usable, the previous one stays in use");
    }
  };
  const listener = (): void => void onChange();
  for (const file of [files.certificate, files.key]) {
    watchFile(file, { interval: WATCH_INTERVAL_MS, persistent: false }, listener);
  }
  return () => {
    for (const file of [files.certificate, files.key]) unwatchFile(file, listener);
  };
}
