import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { root } from "../unit/support/documents.js";

/** `.ci/run` puts it there; otherwise the one of the machine is used. */
const OWN = root("node_modules/.helm/helm");
const HELM = existsSync(OWN) ? OWN : "helm";

const CHART = root("deploy/helm/tsworker");

/** Where Helm is missing, `TEST_HELM=required` makes that a failure. */
export const noHelm =
  process.env.TEST_HELM !== "required" && spawnSync(HELM, ["version"], { stdio: "ignore" }).status !== 0;

/** An object of Kubernetes. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

/** Values of the chart, those that are not as usual. */
export type Values = Readonly<Record<string, unknown>>;

function helm(command: readonly string[], values: Values): string {
  const folder = mkdtempSync(join(tmpdir(), "tsworker-chart-"));
  try {
    const file = join(folder, "values.json");
    writeFileSync(file, JSON.stringify(values));
    const options = {
      encoding: "utf8",
      stdio: "pipe",
      env: { ...process.env, HELM_CACHE_HOME: folder },
    } as const;
    return execFileSync(HELM, [...command, "--values", file], options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What Helm's linter says. @throws if it finds an error or a warning. */
export const linted = (values: Values): string => helm(["lint", "--strict", CHART], values);

/** The objects of a release `llm` in the namespace `ml`. @throws with Helm's message if the values are refused. */
export function rendered(values: Values): readonly KubernetesObject[] {
  const documents = parseAllDocuments(helm(["template", "llm", CHART, "--namespace", "ml"], values));
  for (const { errors } of documents) if (errors[0] !== undefined) throw errors[0];
  return documents.map((document) => document.toJS() as KubernetesObject);
}

/** What Helm says after an installation. */
export function notes(values: Values): string {
  const said = helm(["install", "llm", CHART, "--namespace", "ml", "--dry-run=client"], values);
  return said.slice(said.indexOf("\nNOTES:\n"));
}
