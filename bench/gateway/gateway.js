// The gateway under test, as it is published: JavaScript, because compiling on the fly changes what is measured.
import { Gateway } from "tsworker/gateway";

const gateway = new Gateway({
  endpoints: ["bench"],
  apiKey: "bench",
  engineUrl: process.env.ENGINE_URL,
  port: Number(process.env.PORT),
  cost: 1,
  logLevel: "warn",
});
await gateway.start();
process.once("SIGTERM", () => gateway.stop());
