import { Serverless } from "../../../../src/client/index.js";

/** Sends a request through each engine in `ENGINE_URLS`, and prints the statuses of the answers. */
const { ENGINE_URLS = "", WEB_URL } = process.env;
const statuses: number[] = [];
for (const engineUrl of ENGINE_URLS.split(",")) {
  const endpoint = new Serverless({ apiKey: "key", engineUrl, webUrl: WEB_URL }).endpoint("endpoint");
  statuses.push((await endpoint.request("/go", {}, { retry: false })).status);
}
console.log(JSON.stringify(statuses));
