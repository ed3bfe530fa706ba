import type { RunDir } from '../process.ts';
import type { LabBackends } from './backends.ts';
import { startBackends } from './backends.ts';
import type { LabHaproxy } from './haproxy.ts';
import { startHaproxy } from './haproxy.ts';
import type { LabPrometheus } from './prometheus.ts';
import { requestsQuery, startPrometheus } from './prometheus.ts';
import type { LabPybal } from './pybal.ts';
import { startPybal } from './pybal.ts';
import { labHosts, labServices } from './services.ts';

/** Where traffic goes in the lab: hosts, a load balancer for each data centre, and metrics of both. */
export interface LabTraffic {
  readonly backends: LabBackends;
  readonly haproxy: Readonly<Record<string, LabHaproxy>>;
  readonly pybal: Readonly<Record<string, LabPybal>>;
  readonly prometheus: LabPrometheus;
  /** What Sluice must be told of it: sections of sluice.yaml. */
  readonly sections: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

const BALANCERS: Readonly<Record<string, string>> = { eqiad: 'lvs1019', codfw: 'lvs2013' };

/** Starts it all. etcd must be filled. */
export async function startTraffic(runDir: RunDir, etcdUrl: string): Promise<LabTraffic> {
  const services = labServices();
  const hosts = Object.fromEntries(Object.keys(BALANCERS).map((dc) => [dc, labHosts(dc)]));
  const backends = await startBackends(runDir, Object.values(hosts).flat(), services);
  const started = await Promise.all(
    Object.entries(BALANCERS).map(async ([dc, name]) => {
      const own = { dc, hosts: hosts[dc] ?? [], services, backends };
      const haproxy = await startHaproxy(runDir, own);
      return { dc, haproxy, pybal: await startPybal(runDir, { ...own, name, etcdUrl, haproxy }) };
    }),
  );
  const haproxy = Object.fromEntries(started.map((one) => [one.dc, one.haproxy]));
  const pybal = Object.fromEntries(started.map((one) => [one.dc, one.pybal]));
  const targets = Object.fromEntries(started.map((one) => [one.dc, one.haproxy.metrics]));
  const prometheus = await startPrometheus(runDir, targets);
  return {
    backends,
    haproxy,
    pybal,
    prometheus,
    sections: {
      loadBalancers: {
        ...Object.fromEntries(started.map((one) => [one.dc, [{ name: one.pybal.name, url: one.pybal.url }]])),
        takeUp: '10s',
      },
      probes: { mode: 'require', connectTo: backends.connectTo, caFile: backends.caFile },
      prometheus: Object.fromEntries(
        started.map(({ dc }) => [dc, { url: prometheus.url, requests: requestsQuery(dc) }]),
      ),
    },
    stop: async () => {
      const balancers = started.flatMap((one) => [one.pybal.process, one.haproxy.process]);
      await Promise.all([...balancers, backends.process, prometheus.process].map((one) => one.stop()));
    },
  };
}
