/** How one cluster is reached. */
export interface ClusterOptions {
  /** A kubeconfig file; read again when it changes. Undefined: the service account of the pod that we run in. */
  readonly kubeconfigFile: string | undefined;
  /** Its content, in place of a file. */
  readonly kubeconfig?: string | undefined;
  /** Undefined: the file's current one. */
  readonly context: string | undefined;
  /** Programs that the file names for getting credentials may be run. */
  readonly allowExec: boolean;
}

/** What the Kubernetes side is opened with. Times in milliseconds. */
export interface KubernetesOptions {
  readonly clusters: Readonly<Record<string, ClusterOptions>>;
  /** One request. */
  readonly requestMs: number;
  /** After a cut watch. */
  readonly betweenWatchesMs: number;
}
