/** The modules of Node.js that the client uses where they exist. */
export interface NodeModules {
  readonly tls: {
    readonly rootCertificates: readonly string[];
    /** In newer versions only. */
    readonly getCACertificates?: (type: "default") => readonly string[];
    readonly createSecureContext: (options: { readonly ca: readonly string[] }) => object;
  };
  readonly fs: { readonly readFileSync: (path: string, encoding: "utf8") => string };
}

interface NodeProcess {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly getBuiltinModule?: <Name extends keyof NodeModules>(name: Name) => NodeModules[Name] | undefined;
}

/** The global of Node.js; undefined in browsers. It is not imported, so that bundlers for browsers find no module. */
const nodeProcess = (): NodeProcess | undefined => Reflect.get(globalThis, "process");

/** Undefined in browsers, and before Node.js 20.16. */
export const nodeModule = <Name extends keyof NodeModules>(name: Name): NodeModules[Name] | undefined =>
  nodeProcess()?.getBuiltinModule?.(name);

/** A variable of the environment; undefined in browsers, and where it is empty. */
export const environmentVariable = (name: string): string | undefined =>
  nodeProcess()?.env?.[name] || undefined;
