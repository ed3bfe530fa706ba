import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabProcess, RunDir } from '../process.ts';
import { freePort, startProcess, waitUntil } from '../process.ts';
import type { LabService } from './services.ts';

/** The hosts behind the load balancers. */
export interface LabBackends {
  /** By fully qualified name. */
  readonly addresses: Readonly<Record<string, string>>;
  /** PEM: the certificate of every host, which signs itself. */
  readonly caFile: string;
  /** `HOST:PORT=ADDRESS:PORT` for each, as Sluice's configuration wants it. */
  readonly connectTo: readonly string[];
  /** Makes a host sick: `slow:MS`, `503`, `tls`, `tls:NAME`, `mute`, `dead`; or `well`. @throws for a host that is not there. */
  setSick(host: string, what: string): Promise<void>;
  readonly process: LabProcess;
}

const SERVER = fileURLToPath(new URL('backend-server.mjs', import.meta.url));
const TRIES = 5;
const NAMES = ['*.discovery.wmnet', 'maps.wikimedia.org', '*.eqiad.wmnet', '*.codfw.wmnet', 'localhost'];

/** Starts one process that is all hosts, each on a loopback address of its own with the ports of every service. */
export async function startBackends(
  runDir: RunDir,
  hosts: readonly string[],
  services: readonly LabService[],
): Promise<LabBackends> {
  const folder = runDir.folder('backends');
  const { certFile, keyFile } = makeCertificate(folder);
  for (let attempt = 1; ; attempt++) {
    const addresses = addressesFor(hosts);
    const controlPort = await freePort();
    const configFile = join(folder, `backends-${String(attempt)}.json`);
    const ports = services.map(({ backendPort, tls }) => ({ port: backendPort, tls }));
    writeFileSync(configFile, JSON.stringify({ hosts: addresses, ports, certFile, keyFile, controlPort }));
    const server = startProcess(runDir, {
      name: `backends-${String(attempt)}`,
      command: process.execPath,
      args: [SERVER, configFile],
      env: { ...process.env, NODE_OPTIONS: undefined },
    });
    if (await answers(server, controlPort)) {
      return {
        addresses,
        caFile: certFile,
        connectTo: hosts.flatMap((host) =>
          services.map(
            ({ port, backendPort }) =>
              `${host}:${String(port)}=${addresses[host] ?? ''}:${String(backendPort)}`,
          ),
        ),
        setSick: async (host, what) => {
          const url = `http://127.0.0.1:${String(controlPort)}/${encodeURIComponent(host)}`;
          const response = await fetch(url, { method: 'POST', body: what });
          if (!response.ok) throw new Error(`no host ${host}`);
        },
        process: server,
      };
    }
    // Another lab has these addresses: others are tried.
    if (attempt === TRIES) throw new Error('no free loopback addresses for the backends');
  }
}

/** A net of 127.0.0.0/8 of this lab's own, by chance. */
function addressesFor(hosts: readonly string[]): Readonly<Record<string, string>> {
  const net = 10 + Math.floor(Math.random() * 240);
  return Object.fromEntries(
    hosts.map((host, index) => [
      host,
      `127.${String(net)}.${String(1 + Math.floor(index / 250))}.${String(1 + (index % 250))}`,
    ]),
  );
}

/** False when it ended: its addresses are taken. */
async function answers(server: LabProcess, controlPort: number): Promise<boolean> {
  let hasEnded = false;
  void server.exited.then(() => (hasEnded = true));
  await waitUntil('the backends answer', async () => {
    if (hasEnded) return true;
    try {
      await fetch(`http://127.0.0.1:${String(controlPort)}/nobody`, { method: 'POST', body: 'well' });
      return true;
    } catch {
      return false;
    }
  });
  return !hasEnded;
}

function makeCertificate(folder: string): { readonly certFile: string; readonly keyFile: string } {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const names = NAMES.map((name) => `DNS:${name}`).join(',');
  execFileSync(
    'openssl',
    [
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ['-subj', '/CN=kartotherian.discovery.wmnet', '-addext', `subjectAltName=${names}`],
      ['-keyout', keyFile, '-out', certFile],
    ].flat(),
    { stdio: 'ignore' },
  );
  return { certFile, keyFile };
}
