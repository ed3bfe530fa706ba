import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { LabProcess, RunDir } from '../process.ts';
import { freePort, startProcess, waitUntil } from '../process.ts';

/** A real Prometheus that scrapes the load balancers each second. */
export interface LabPrometheus {
  readonly url: string;
  readonly process: LabProcess;
}

/** Requests per second that each host of a data centre answered, by host and conftool tag. */
export function requestsQuery(dc: string): string {
  return `sum by (host, service) (rate(haproxy_server_http_responses_total{dc="${dc}"}[10s]))`;
}

/** @param targets `127.0.0.1:PORT` of each data centre's HAProxy. */
export async function startPrometheus(
  runDir: RunDir,
  targets: Readonly<Record<string, string>>,
): Promise<LabPrometheus> {
  const folder = runDir.folder('prometheus');
  const port = await freePort();
  const configFile = join(folder, 'prometheus.yml');
  writeFileSync(configFile, stringify(configOf(targets)));
  const prometheus = startProcess(runDir, {
    name: 'prometheus',
    command: 'prometheus',
    args: [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${String(port)}`,
      '--log.level=error',
    ],
  });
  const url = `http://127.0.0.1:${String(port)}`;
  await waitUntil(
    'Prometheus answers',
    async () => {
      try {
        return (await fetch(`${url}/-/ready`)).ok;
      } catch {
        return false;
      }
    },
    30_000,
  );
  return { url, process: prometheus };
}

/** HAProxy's names of things become conftool's: a backend is a service tag, a server a host. */
function configOf(targets: Readonly<Record<string, string>>): object {
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [
      {
        job_name: 'haproxy',
        static_configs: Object.entries(targets).map(([dc, target]) => ({
          targets: [target],
          labels: { dc },
        })),
        params: { scope: ['server'], 'no-maint': [''] },
        metric_relabel_configs: [
          { source_labels: ['__name__'], regex: 'haproxy_server_http_responses_total', action: 'keep' },
          { source_labels: ['proxy'], target_label: 'service' },
          { source_labels: ['server'], target_label: 'host' },
          { regex: 'proxy|server|instance|job', action: 'labeldrop' },
        ],
      },
    ],
  };
}
