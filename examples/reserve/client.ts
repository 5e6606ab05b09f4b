import { Serverless } from "tsworker/client";

const { VAST_API_KEY = "dev", ENGINE_URL = "http://127.0.0.1:8080", ENDPOINT_NAME = "dev" } = process.env;
const endpoint = new Serverless({ apiKey: VAST_API_KEY, engineUrl: ENGINE_URL }).endpoint(ENDPOINT_NAME);

interface Reservation {
  readonly status: "reserved" | "over";
  readonly seconds: number;
}

const reserve = (duration: number) =>
  endpoint.request<Reservation>("/reserve", { duration }, { cost: 100, stream: true });

// The first event comes when the worker is ours, the second when our time is over.
const whole = await reserve(2);
for await (const { status, seconds } of whole) console.log(`${status}  ${seconds} s at ${whole.url}`);

// A client that is done early leaves the loop, and the worker is free for the next one.
for await (const { status, seconds } of await reserve(600)) {
  console.log(`${status}  ${seconds} s, done early`);
  break;
}
const next = await reserve(1);
for await (const { status, seconds } of next) console.log(`${status}  ${seconds} s at ${next.url}`);
