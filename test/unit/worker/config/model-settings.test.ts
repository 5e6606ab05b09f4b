import { expect, test } from "vitest";
import type { WorkerConfig } from "../../../../src/index.js";
import { checkConfig } from "../../../../src/worker/config/check-config.js";
import { withDevModel } from "../../../../src/worker/config/model-settings.js";

const handlers: WorkerConfig["handlers"] = [{ route: "/go", benchmarkConfig: { generator: () => ({}) } }];
const DEV = { devModelUrl: "http://127.0.0.1:19000", devModelLog: "/tmp/model.log" };

const moved = (config: Omit<WorkerConfig, "handlers">) => {
  const { modelServer, modelHealthcheckUrl, modelLogFile } = withDevModel(
    checkConfig({ ...config, handlers }),
    DEV,
  );
  return { modelServer, modelHealthcheckUrl, modelLogFile };
};

test("server, log, and a health URL of that server are those of the environment", () => {
  const modelServerUrl = "http://127.0.0.1:18000";
  for (const modelHealthcheckUrl of [`${modelServerUrl}/health?x=1`, "http://localhost:18000/health?x=1"]) {
    expect(moved({ modelServerUrl, modelHealthcheckUrl, modelLogFile: "/var/log/model.log" })).toEqual({
      modelServer: DEV.devModelUrl,
      modelHealthcheckUrl: `${DEV.devModelUrl}/health?x=1`,
      modelLogFile: DEV.devModelLog,
    });
  }
});

test("a path stays one, a health URL of something else stays what it is, and no log is made up", () => {
  const modelServerUrl = "http://127.0.0.1:18000";
  expect(moved({ modelServerUrl, modelHealthcheckUrl: "/health" }).modelHealthcheckUrl).toBe("/health");
  for (const modelHealthcheckUrl of ["http://127.0.0.1:18001/health", "http://gpu.example:18000/health"]) {
    expect(moved({ modelServerUrl, modelHealthcheckUrl }).modelHealthcheckUrl).toBe(modelHealthcheckUrl);
  }
  expect(moved({ modelServerUrl }).modelLogFile).toBeUndefined();
});

test("without them, and without a model server, a configuration is as it was", () => {
  const config = checkConfig({ modelServerUrl: "http://127.0.0.1:18000", handlers });
  expect(withDevModel(config, { devModelUrl: undefined, devModelLog: undefined })).toEqual(config);
  const functions = checkConfig({
    handlers: [{ route: "/go", remoteFunction: () => 1, benchmarkConfig: { generator: () => ({}) } }],
  });
  expect(withDevModel(functions, DEV)).toEqual(functions);
});
