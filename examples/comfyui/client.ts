import { Serverless } from "tsworker/client";
import { generate, saveOutputs } from "../comfy/generate.js";

const { VAST_API_KEY = "dev", ENGINE_URL = "http://127.0.0.1:8080", ENDPOINT_NAME = "dev" } = process.env;
const endpoint = new Serverless({ apiKey: VAST_API_KEY, engineUrl: ENGINE_URL }).endpoint(ENDPOINT_NAME);

const [prompt = "a quiet lake below snowy mountains, first light"] = process.argv.slice(2);
console.log(`painting: ${prompt}`);
const modifications = { prompt, width: 512, height: 512, steps: 20, seed: 20 };
await saveOutputs(await generate(endpoint, { modifier: "Text2Image", modifications }, 100));
