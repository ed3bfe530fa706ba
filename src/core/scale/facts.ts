import type { Result } from '../result.ts';
import type { Autoscaler, DeploymentKey, DeploymentSeen, Quota } from './deployment.ts';

/** A deployment that people may scale, as the configuration names it. */
export interface DeploymentSettings {
  /** What people type. */
  readonly name: string;
  readonly namespace: string;
  readonly deployment: string;
  readonly min: number;
  readonly max: number;
  /** The conftool service behind which its pods stand. */
  readonly service: string | undefined;
  /** Where helmfile declares the number: the file as the configuration has it, and the key in it. */
  readonly helmfile: { readonly file: string; readonly key: string } | undefined;
  /** Requests per second that one pod can answer. */
  readonly rpsPerPod: number | undefined;
  /** How long pods may take to follow; milliseconds. */
  readonly deadlineMs: number;
}

/** What a service is asked in one data centre, in requests per second: now, and at its highest of the last day. */
export interface Load {
  readonly rps: number;
  readonly peakRps: number;
}

/** A deployment in one cluster, with all that its number depends on. */
export interface DeploymentNow {
  readonly key: DeploymentKey;
  readonly seen: DeploymentSeen;
  readonly autoscalers: readonly Autoscaler[];
  readonly quotas: readonly Quota[];
  /** Undefined where no metrics are configured for its service, or where they do not answer. */
  readonly load: Load | undefined;
}

/** A deployment in every cluster. */
export interface ScaleFacts {
  readonly settings: DeploymentSettings;
  /** What helmfile's file declares; undefined when none is configured, or when it cannot be read. */
  readonly declared: number | undefined;
  readonly clusters: ReadonlyMap<string, Result<DeploymentNow>>;
}
