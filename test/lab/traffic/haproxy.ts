import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabProcess, RunDir } from '../process.ts';
import { freePort, startProcess, waitUntil } from '../process.ts';
import type { LabBackends } from './backends.ts';
import type { LabService } from './services.ts';

/** A real HAProxy of one data centre: what IPVS is to PyBal. */
export interface LabHaproxy {
  /** The runtime API. */
  readonly socket: string;
  /** Where Prometheus finds its metrics: `127.0.0.1:PORT`. */
  readonly metrics: string;
  /** Where users come in, by conftool tag: `http://127.0.0.1:PORT`. */
  readonly frontends: Readonly<Record<string, string>>;
  readonly process: LabProcess;
}

/** Starts HAProxy with every host of the data centre known and none in service: who serves is PyBal's to say. */
export async function startHaproxy(
  runDir: RunDir,
  world: {
    readonly dc: string;
    readonly hosts: readonly string[];
    readonly services: readonly LabService[];
    readonly backends: LabBackends;
  },
): Promise<LabHaproxy> {
  const { dc, services } = world;
  const folder = runDir.folder(`haproxy-${dc}`);
  const socket = join(folder, 'admin.sock');
  const metricsPort = await freePort();
  const ports = await Promise.all(services.map(() => freePort()));
  const configFile = join(folder, 'haproxy.cfg');
  writeFileSync(configFile, configOf(world, { socket, metricsPort, ports }));
  const haproxy = startProcess(runDir, {
    name: `haproxy-${dc}`,
    command: process.env['PATH']?.includes('/usr/sbin') === true ? 'haproxy' : '/usr/sbin/haproxy',
    args: ['-db', '-f', configFile],
  });
  const metrics = `127.0.0.1:${String(metricsPort)}`;
  await waitUntil(`HAProxy of ${dc} answers`, async () => {
    try {
      return (await fetch(`http://${metrics}/metrics?scope=global`)).ok;
    } catch {
      return false;
    }
  });
  return {
    socket,
    metrics,
    frontends: Object.fromEntries(
      services.map(({ service }, index) => [service, `http://127.0.0.1:${String(ports[index])}`]),
    ),
    process: haproxy,
  };
}

function configOf(
  { hosts, services, backends }: Parameters<typeof startHaproxy>[1],
  at: { readonly socket: string; readonly metricsPort: number; readonly ports: readonly number[] },
): string {
  const parts = services.map(({ service, backendPort, tls, check }, index) => {
    const how = tls ? ` ssl verify none sni str(${check.name})` : '';
    const servers = hosts.map(
      (host) => `  server ${host} ${backends.addresses[host] ?? ''}:${String(backendPort)}${how} disabled`,
    );
    return `frontend ${service}-in
  bind 127.0.0.1:${String(at.ports[index])}
  default_backend ${service}
backend ${service}
  balance roundrobin
${servers.join('\n')}`;
  });
  return `global
  stats socket ${at.socket} mode 600 level admin
  maxconn 500
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 5s
  timeout queue 5s
  retries 3
  option redispatch 1
  retry-on all-retryable-errors
frontend metrics
  bind 127.0.0.1:${String(at.metricsPort)}
  http-request use-service prometheus-exporter if { path /metrics }
${parts.join('\n')}
`;
}
