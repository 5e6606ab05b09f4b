import { Serverless } from "tsworker/client";
import { generate, saveOutputs } from "../comfy/generate.js";
import { readWorkflow } from "../comfy/workflow.js";

const { VAST_API_KEY = "dev", ENGINE_URL = "http://127.0.0.1:8080", ENDPOINT_NAME = "dev" } = process.env;
const endpoint = new Serverless({ apiKey: VAST_API_KEY, engineUrl: ENGINE_URL }).endpoint(ENDPOINT_NAME);

const [prompt = "a paper lantern drifts over a dark river"] = process.argv.slice(2);
console.log(`filming: ${prompt}`);
const file = new URL("workflow.json", import.meta.url);
const workflow = readWorkflow(file, { positive: { text: prompt } });
await saveOutputs(await generate(endpoint, { workflow_json: workflow }, 10000));
