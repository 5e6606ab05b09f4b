// A bare proxy on node:http: no signature, no JSON, no queue. What Node's own HTTP costs.
import { Agent, createServer, request } from "node:http";

const upstream = new URL(process.env.MODEL_URL ?? "");
const agent = new Agent({ keepAlive: true });

createServer((incoming, outgoing) => {
  const { host: _, ...headers } = incoming.headers;
  const forwarded = request(
    {
      agent,
      hostname: upstream.hostname,
      port: upstream.port,
      path: incoming.url,
      method: incoming.method,
      headers,
    },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  forwarded.on("error", () => outgoing.destroy());
  incoming.pipe(forwarded);
}).listen(Number(process.env.PORT), "127.0.0.1");
