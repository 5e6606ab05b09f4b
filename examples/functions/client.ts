import { Serverless } from "tsworker/client";

const { VAST_API_KEY = "dev", ENGINE_URL = "http://127.0.0.1:8080", ENDPOINT_NAME = "dev" } = process.env;
const endpoint = new Serverless({ apiKey: VAST_API_KEY, engineUrl: ENGINE_URL }).endpoint(ENDPOINT_NAME);

interface Digest {
  readonly sha256: string;
}

const short = ({ sha256 }: Digest): string => `${sha256.slice(0, 16)}…`;

const plain = await endpoint.request("/digest", { text: "hello" }, { cost: 1 });
await plain.expectOk();
console.log(`digest    ${short((await plain.json<{ result: Digest }>()).result)}`);

const chain = { text: "hello", length: 4 };
const steps = await endpoint.request<Digest & { step: number }>("/chain", chain, { cost: 4, stream: true });
for await (const each of steps) console.log(`chain     step ${each.step}  ${short(each)}`);

/** Looks for the smallest hash. @throws what the signal is aborted with: the worker then stops, too. */
async function smallest(tries: number, signal?: AbortSignal): Promise<Digest & { nonce: number }> {
  const answer = await endpoint.request("/smallest", { text: "hello", tries }, { cost: tries, signal });
  await answer.expectOk();
  return (await answer.json<{ result: Digest & { nonce: number } }>()).result;
}

const patience = AbortSignal.timeout(500);
await smallest(1_000_000_000, patience).catch((error: unknown) => {
  if (!patience.aborted) throw error;
  console.log("smallest  left after 0.5 s");
});

const found = await smallest(20_000);
console.log(`smallest  of 20000: number ${found.nonce}, ${short(found)}`);
