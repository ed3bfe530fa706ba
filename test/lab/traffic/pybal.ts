import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabProcess, RunDir } from '../process.ts';
import { freePort, startProcess, waitUntil } from '../process.ts';
import type { LabBackends } from './backends.ts';
import type { LabHaproxy } from './haproxy.ts';
import type { LabService } from './services.ts';
import { labCatalogue } from './services.ts';

/** One host of a pool, as PyBal tells of it. */
export interface PybalHost {
  readonly pooled: boolean;
  readonly weight: number;
  readonly up: boolean;
  readonly enabled: boolean;
}

/** The stand-in for PyBal in one data centre. */
export interface LabPybal {
  /** `lvs1019`. */
  readonly name: string;
  readonly url: string;
  /** What it says of `kartotherian-k8s-ssl_6543`; undefined when it does not have that pool. */
  pool(name: string): Promise<Readonly<Record<string, PybalHost>> | undefined>;
  /** It goes on with what it has heard so far, or catches up. */
  freeze(isFrozen: boolean): Promise<void>;
  readonly process: LabProcess;
}

const SERVER = fileURLToPath(new URL('pybal-server.mjs', import.meta.url));

/** Starts it. It has every pool of the catalogue in its data centre; those without hosts in the lab are taken to be up. */
export async function startPybal(
  runDir: RunDir,
  world: {
    readonly dc: string;
    readonly name: string;
    readonly etcdUrl: string;
    readonly hosts: readonly string[];
    readonly services: readonly LabService[];
    readonly backends: LabBackends;
    readonly haproxy: LabHaproxy;
  },
): Promise<LabPybal> {
  const { dc, name, etcdUrl, hosts, services, backends, haproxy } = world;
  const httpPort = await freePort();
  const pools = labCatalogue()
    .entries.filter(
      ({ conftool, port, sites }) => conftool !== undefined && port !== undefined && sites.includes(dc),
    )
    .map((entry) => {
      const own = services.find((one) => one.name === entry.name);
      const common = {
        name: `${entry.name}_${String(entry.port)}`,
        ...entry.conftool,
        threshold: entry.depoolThreshold,
      };
      if (own === undefined) return common;
      return {
        ...common,
        port: own.backendPort,
        tls: own.tls,
        check: own.check,
        frontend: true,
        servers: hosts,
      };
    });
  const configFile = join(runDir.folder(`pybal-${dc}`), 'config.json');
  const { addresses } = backends;
  writeFileSync(
    configFile,
    JSON.stringify({ dc, etcdUrl, httpPort, haproxySocket: haproxy.socket, pools, addresses }),
  );
  const pybal = startProcess(runDir, {
    name: `pybal-${dc}`,
    command: process.execPath,
    args: [SERVER, configFile],
    env: { ...process.env, NODE_OPTIONS: undefined },
  });
  const url = `http://127.0.0.1:${String(httpPort)}`;
  const pool: LabPybal['pool'] = async (poolName) => {
    const response = await fetch(`${url}/pools/${poolName}`);
    return response.ok ? ((await response.json()) as Readonly<Record<string, PybalHost>>) : undefined;
  };
  const [first] = services;
  await waitUntil(`${name} has its hosts`, async () => {
    try {
      const known = await pool(`${first?.name ?? ''}_${String(first?.port)}`);
      return known !== undefined && Object.keys(known).length > 0;
    } catch {
      return false;
    }
  });
  return {
    name,
    url,
    pool,
    freeze: async (isFrozen) => {
      await fetch(`${url}/${isFrozen ? 'freeze' : 'follow'}`, { method: 'POST' });
    },
    process: pybal,
  };
}
