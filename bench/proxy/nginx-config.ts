/** nginx as the model: answers at once. */
export const modelConfig = (directory: string, port: number): string => `
${head(directory, "model")}
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_buffer_size 64k;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    default_type application/json;
    location / {
      return 200 '{"id":"cmpl-1","object":"text_completion","model":"m","choices":[{"index":0,"text":" world","finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}';
    }
  }
}
`;

/** nginx as the proxy: one process, connections kept alive on both sides. */
export const proxyConfig = (directory: string, port: number, modelPort: number): string => `
${head(directory, "proxy")}
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_buffer_size 64k;
  upstream model {
    server 127.0.0.1:${modelPort};
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    client_max_body_size 0;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    location / { proxy_pass http://model; }
    location /v1/stream {
      proxy_pass http://model;
      proxy_buffering off;
    }
    location /v1/embeddings {
      proxy_pass http://model;
      proxy_request_buffering off;
    }
  }
}
`;

const head = (directory: string, name: string): string => `
daemon off;
worker_processes 1;
pid ${directory}/${name}.pid;
error_log ${directory}/${name}.log warn;
events { worker_connections 4096; }
`;
