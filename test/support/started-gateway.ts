import { onTestFinished } from "vitest";
import { Gateway, type GatewayOptions } from "../../src/gateway/index.js";
import { freePort } from "./free-port.js";

/** Calls what clears up when a test, or a file, is done. */
type OnFinished = (clear: () => void) => void;

/** A gateway that listens, for the endpoint `endpoint` with the key `key`, and stops when the test is over. */
export async function startedGateway(
  engineUrl: string,
  options: Partial<GatewayOptions> = {},
  onFinished: OnFinished = onTestFinished,
): Promise<Gateway> {
  const gateway = new Gateway({
    endpoints: ["endpoint"],
    apiKey: "key",
    engineUrl,
    port: await freePort(),
    logLevel: "silent",
    ...options,
  });
  onFinished(() => gateway.stop());
  await gateway.start();
  return gateway;
}

/** The code in the body of an error. */
export async function codeIn(response: Response): Promise<string | null> {
  const body = (await response.json()) as { readonly error: { readonly code: string | null } };
  return body.error.code;
}

/** POSTs JSON, over a connection of its own. */
export const post = (
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", connection: "close", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
