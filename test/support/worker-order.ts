import type { WorkerOrder } from "../../src/engine/index.js";

/** An engine's order to a provider, made by the test. */
export function workerOrder(more: Partial<WorkerOrder> = {}): WorkerOrder {
  const group = {
    id: 2,
    endpoint_id: 1,
    endpoint_name: "endpoint",
    template_hash: null,
    template_id: null,
    search_params: "",
    launch_args: "",
    gpu_ram: null,
    min_load: null,
    min_cold_load: null,
    target_util: null,
    cold_mult: null,
    cold_workers: null,
    max_workers: null,
    test_workers: null,
    docker_login_user: null,
    docker_login_pass: null,
    docker_login_repo: null,
    created_at: 0,
  };
  return {
    id: 1,
    endpoint: "endpoint",
    group,
    engineUrl: "http://127.0.0.1:9",
    token: "",
    memo: undefined,
    onExited: () => {},
    ...more,
  };
}
