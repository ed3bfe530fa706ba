/** What was observed of one host. */
interface ObservedHost {
  /** As the metrics name it: fully qualified, or short. */
  readonly host: string;
  /** The conftool tag, when the query gives a label `service`. */
  readonly service: string | undefined;
  /** Requests per second. */
  readonly rps: number;
}

/** Requests as metrics have them. `at` is the time of the newest sample; undefined when there is none. */
export interface Observed {
  readonly source: string;
  readonly at: number | undefined;
  readonly hosts: readonly ObservedHost[];
}

/**
 * What was observed of a host in a service. Metrics may name hosts short, and may know nothing of services: then it is what the host serves in all.
 *
 * @returns requests per second; undefined when the metrics do not have the host.
 */
export function rpsOf(
  { hosts }: Observed,
  key: { readonly host: string; readonly service: string },
): number | undefined {
  const short = key.host.split('.')[0];
  const own = hosts.filter(
    ({ host, service }) => (host === key.host || host === short) && (service ?? key.service) === key.service,
  );
  return own.length === 0 ? undefined : own.reduce((sum, { rps }) => sum + rps, 0);
}
