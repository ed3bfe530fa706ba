import type { ProbeResult, ProbeTarget } from '../core/probe.ts';

/** Asks a host itself, straight and not through a load balancer, whether it serves. */
export interface Prober {
  /** Never fails: what went wrong is in the result. Each ends within its own bound. */
  probe(targets: readonly ProbeTarget[]): Promise<readonly ProbeResult[]>;
}
