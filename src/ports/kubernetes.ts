import type { BehindPort, ClusterNode } from '../core/cluster-node.ts';
import type { Result } from '../core/result.ts';
import type {
  Autoscaler,
  DeploymentKey,
  DeploymentSeen,
  PodSeen,
  Quota,
  ScaleSeen,
} from '../core/scale/deployment.ts';

/** One thing that Sluice does in a namespace, and whether it may. */
export interface AccessSeen {
  readonly verb: string;
  readonly resource: string;
  readonly allowed: boolean;
}

/**
 * Kubernetes clusters. Reads may be repeated; the one write is a compare-and-swap of a deployment's number. Every Fault names the cluster; what the API server
 * quotes of an object never gets into it.
 */
export interface Kubernetes {
  /** The configured clusters: data centres, mostly. */
  readonly clusters: readonly string[];
  deployment(key: DeploymentKey): Promise<Result<DeploymentSeen>>;
  scale(key: DeploymentKey): Promise<Result<ScaleSeen>>;
  /**
   * Sets the number, if the deployment is the one that was seen and as it was seen. A Fault `cluster-conflict`: it is not, and nothing was done; status
   * reports alone cause that, so look before saying who. `cluster-unclear`: it may have been done.
   */
  setScale(key: DeploymentKey, seen: ScaleSeen, replicas: number): Promise<Result<ScaleSeen>>;
  /** Autoscalers that set the number of this deployment. */
  autoscalers(key: DeploymentKey): Promise<Result<readonly Autoscaler[]>>;
  quotas(key: DeploymentKey): Promise<Result<readonly Quota[]>>;
  /** @param selector `DeploymentSeen.selector`. */
  pods(key: DeploymentKey, selector: string): Promise<Result<readonly PodSeen[]>>;
  /** A node; undefined when the cluster has none of that name. */
  node(cluster: string, name: string): Promise<Result<ClusterNode | undefined>>;
  /** What stands behind a port of the nodes; undefined when no service of the namespace has it. */
  behindPort(cluster: string, namespace: string, port: number): Promise<Result<BehindPort | undefined>>;
  /**
   * Follows the deployment until `until` says so or the time is up; each state is told, the first at once. Cut connections and forgotten versions are
   * gone over.
   *
   * @returns what was seen last; undefined when nothing was.
   */
  follow(
    key: DeploymentKey,
    until: (seen: DeploymentSeen) => boolean,
    options: { readonly withinMs: number; readonly signal?: AbortSignal },
  ): Promise<Result<DeploymentSeen | undefined>>;
  /** What Sluice may do with this deployment: exactly the verbs that it uses. */
  access(key: DeploymentKey): Promise<Result<readonly AccessSeen[]>>;
  /** Clusters that do not answer now, and why. */
  silent(): Promise<readonly { readonly cluster: string; readonly cause: string }[]>;
  close(): void;
}
