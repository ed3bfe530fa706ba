/** A deployment, by the names of its cluster. */
export interface DeploymentKey {
  readonly cluster: string;
  readonly namespace: string;
  readonly deployment: string;
}

/** How a deployment stands, as the API server says. Counts of pods. */
export interface DeploymentSeen {
  readonly uid: string;
  readonly resourceVersion: string;
  /** What is asked for: `spec.replicas`. */
  readonly wanted: number;
  /** Counted up with each change of the spec; what is reported counts only once `observedGeneration` has reached it. */
  readonly generation: number;
  readonly observedGeneration: number;
  readonly replicas: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
  /** Why pods could not be made: of the condition ReplicaFailure. */
  readonly replicaFailure: string | undefined;
  /** Who set the number last, where the API server knows: `sluice`, `helm`, `kubectl`. */
  readonly scaledBy: { readonly manager: string; readonly at: number | undefined } | undefined;
  /** What one pod asks for, by the names of a quota (`requests.cpu`), in cores and bytes. */
  readonly perPod: Readonly<Record<string, number>>;
  /** `app=kartotherian,release=main`: its pods. */
  readonly selector: string;
}

/** What a compare-and-swap of the number needs. */
export interface ScaleSeen {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly replicas: number;
}

/** Somebody else who sets the number. */
export interface Autoscaler {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

/** What a namespace may use, and uses. */
export interface Quota {
  readonly name: string;
  readonly hard: Readonly<Record<string, number>>;
  readonly used: Readonly<Record<string, number>>;
}

/** A pod that does not serve, and what it says of itself. */
export interface PodSeen {
  readonly name: string;
  readonly ready: boolean;
  /** The scheduler's reason, while it has no node: `0/8 nodes are available: ...`. */
  readonly unschedulable: string | undefined;
  /** Of a container that does not run: `CrashLoopBackOff`, `ImagePullBackOff`. */
  readonly waiting: string | undefined;
  readonly terminating: boolean;
}
