import type { PlanNote, Verb } from '../node-plan.ts';
import type { DeploymentKey } from './deployment.ts';
import type { Headroom } from './headroom.ts';

/** The number of pods of one deployment from a value to a value. */
interface ScaleChange {
  readonly key: DeploymentKey;
  /** Of the deployment that was shown: another one of the same name is a conflict. */
  readonly uid: string;
  readonly before: number;
  readonly after: number;
}

/** What is around the number in one cluster: what a reader of the plan should know. Requests per second are `rps`. */
export interface ScaleView {
  readonly cluster: string;
  readonly before: number;
  readonly after: number;
  /** Pods that serve now. */
  readonly ready: number;
  /** What of a quota gives out first; undefined when none limits these pods. */
  readonly headroom: Headroom | undefined;
  /** Who set the number last, where the API server knows. */
  readonly scaledBy: string | undefined;
  /** Whose the number is by the configuration, and what is declared there; undefined when that file cannot be read. */
  readonly declared:
    { readonly file: string; readonly key: string; readonly replicas: number | undefined } | undefined;
  /** What one pod can do, when the configuration says. */
  readonly rpsPerPod: number | undefined;
  /** What the service was asked in this data centre, where metrics are configured and answer. */
  readonly load: { readonly rps: number; readonly peakRps: number } | undefined;
  /** Where something is taken away: the others alone. */
  readonly others: readonly OtherCluster[];
}

/** What another data centre could carry if it were alone. */
export interface OtherCluster {
  readonly cluster: string;
  readonly ready: number;
  /** Of both together, at its highest of the last day; undefined without metrics. */
  readonly peakRps: number | undefined;
}

/** How many pods of a deployment there shall be, cluster by cluster. */
export interface ScalePlan {
  readonly verb: Extract<Verb, 'scale' | 'undo'>;
  /** The name that people type: `kartotherian`. */
  readonly service: string;
  /** The conftool service whose rules and locks hold for it too. */
  readonly behind: string | undefined;
  /** One cluster after the other. */
  readonly scales: readonly ScaleChange[];
  readonly alreadySo: readonly { readonly key: DeploymentKey; readonly replicas: number }[];
  readonly views: readonly ScaleView[];
  readonly notes: readonly PlanNote[];
  /** More approvals than the rule may want: a large cut that no metrics speak for. */
  readonly approvalsLeast: number;
  readonly undoes: { readonly id: string; readonly verb: Verb } | undefined;
  // What a plan for conftool may have besides, and this one never has.
  readonly weight?: undefined;
  readonly pace?: undefined;
  readonly drainMs?: undefined;
  readonly everyService?: undefined;
  readonly forMs?: undefined;
}
