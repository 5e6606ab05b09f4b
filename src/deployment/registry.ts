/** The deployments of this process, over all copies of this package in it. */
interface DeploymentRegistry {
  /** Those that were defined, in this order. */
  readonly defined: DefinedDeployment[];
  /**
   * The command that loads a deployment's file at present, such as `tsworker serve`; undefined: none. Functions cannot be
   * called meanwhile: the process is neither a worker nor a caller.
   */
  loading: string | undefined;
}

/** A deployment of any copy of this package. */
export interface DefinedDeployment {
  readonly name: string;
  readonly tag: string;
}

const KEY = Symbol.for("tsworker.deployments");

const shared = globalThis as { [KEY]?: DeploymentRegistry };

shared[KEY] ??= { defined: [], loading: undefined };

/** The commands find the deployments of a file in it, because the file may have a copy of this package of its own. */
export const deploymentRegistry: DeploymentRegistry = shared[KEY];
