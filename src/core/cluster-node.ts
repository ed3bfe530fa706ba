/** A node of a cluster, as its API server has it. */
export interface ClusterNode {
  readonly name: string;
  readonly ready: boolean;
  /** Whether new pods may come: false when somebody has cordoned it. */
  readonly schedulable: boolean;
}

/** What stands behind a port that load balancers reach on every node. */
export interface BehindPort {
  readonly service: string;
  /** Pods that take requests there now. */
  readonly readyPods: number;
}
