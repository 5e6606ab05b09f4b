import { RemoteError } from "tsworker/deployment";
import { chain, deployment, square, wordCounts } from "./deployment.js";

const { VAST_API_KEY: apiKey = "dev", ENGINE_URL: engineUrl = "http://127.0.0.1:8080" } = process.env;
deployment.connect({ apiKey, engineUrl });

console.log(`square      ${await square(5)}`);

const counts = await wordCounts("the cat and the dog and the cat");
console.log(`wordCounts  ${[...counts].map(([word, count]) => `${word} ${count}`).join(", ")}`);

for await (const { step, hash } of chain(new TextEncoder().encode("hello"), 3)) {
  console.log(`chain       step ${step}  ${Buffer.from(hash).toString("hex").slice(0, 16)}…`);
}

try {
  await square(Number.NaN);
} catch (error) {
  if (!(error instanceof RemoteError)) throw error;
  console.log(`square      ${error.remoteName}: ${error.message}`);
}
