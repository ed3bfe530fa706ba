import type { Dependency } from '../core/dependency.ts';
import { expandHosts } from '../core/hosts.ts';
import type { ProbeMode } from '../core/probe.ts';
import type { Reading } from './file-or-env.ts';
import { readText } from './file-or-env.ts';
import type { FileContent } from './schema.ts';

/** Who knows what is done with traffic, besides conftool: load balancers, metrics, the hosts themselves. */
export interface TrafficConfig {
  /** By data centre; `{}` when none is configured. */
  readonly balancers: Readonly<Record<string, readonly { readonly name: string; readonly url: string }[]>>;
  /** How long they have to follow a write. */
  readonly takeUpMs: number;
  readonly prometheus: Readonly<Record<string, { readonly url: string; readonly requests: string }>>;
  readonly probes: ProbesConfig;
  readonly dependencies: readonly Dependency[];
}

/** How hosts are asked themselves. */
interface ProbesConfig {
  readonly mode: ProbeMode | undefined;
  readonly connectTo: readonly {
    readonly host: string;
    readonly port: number;
    readonly address: string;
    readonly toPort: number;
  }[];
  /** PEM. */
  readonly ca: string | undefined;
}

const TAKE_UP_MS = 10_000;
const CONNECT_TO = /^(\*|(?:\*\.)?[a-z0-9][a-z0-9.-]*):(\d{1,5})=([^\s=]+):(\d{1,5})$/i;

/** Reads what `sluice.yaml` says of load balancers, probes, metrics and dependencies. */
export function resolveTraffic(reading: Reading, content: FileContent): TrafficConfig {
  const { takeUp, ...balancers } = content.loadBalancers ?? {};
  return {
    balancers,
    takeUpMs: takeUp ?? TAKE_UP_MS,
    prometheus: content.prometheus ?? {},
    probes: resolveProbes(reading, content.probes),
    dependencies: (content.dependencies ?? []).flatMap((one, index) => {
      const hosts = expandHosts(one.hosts);
      if (hosts.ok) return [{ hosts: new Set(hosts.value), of: one.of }];
      const path = `dependencies#${String(index + 1)}.hosts`;
      reading.problems.push({ path, text: 'must be names like maps[1005-1010]' });
      return [];
    }),
  };
}

/** Without the section nobody is asked, and no plan speaks of it. */
function resolveProbes(reading: Reading, probes: FileContent['probes']): ProbesConfig {
  if (probes === undefined) return { mode: undefined, connectTo: [], ca: undefined };
  const connectTo = (probes.connectTo ?? []).flatMap((text, index) => {
    const [, host, port, address, toPort] = CONNECT_TO.exec(text) ?? [];
    if (host !== undefined && address !== undefined)
      return [{ host: host.toLowerCase(), port: Number(port), address, toPort: Number(toPort) }];
    const path = `probes.connectTo#${String(index + 1)}`;
    reading.problems.push({ path, text: `'${text}' is not HOST:PORT=ADDRESS:PORT` });
    return [];
  });
  const ca = readText(reading, probes, { at: 'probes', name: 'ca', kind: 'plain' });
  return { mode: probes.mode ?? 'require', connectTo, ca };
}
