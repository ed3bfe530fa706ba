import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabProcess, RunDir } from './process.ts';
import { freePort, startProcess, waitUntil } from './process.ts';

/** A real IRC network: InspIRCd with Atheme's NickServ and SASL. */
export interface LabIrc {
  /** Clients, plain, no flood rules. */
  readonly port: number;
  /** Clients, TLS with a certificate made for this lab. */
  readonly tlsPort: number;
  /** Clients, plain, with the flood rules of a public network. */
  readonly strictPort: number;
  readonly certFile: string;
  /** The configuration of the server; a change counts from its next start. */
  readonly configFile: string;
  /** The processes that run now. */
  readonly processes: { readonly inspircd: LabProcess; readonly services: LabProcess };
  /** Ends the server if it still runs and starts it again. Resolves when clients can log in again. */
  restartServer(): Promise<void>;
  restartServices(): Promise<void>;
}

interface Ports {
  readonly plain: number;
  readonly tls: number;
  readonly server: number;
  readonly strict: number;
  readonly services: number;
}

/** Debian puts servers where a user's PATH may not have them. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`;

/**
 * Starts the network on free ports.
 *
 * @param options.accounts exist from the start, each with the password `pw-NAME`.
 * @throws when the server does not answer or the services do not link within ten seconds.
 */
export async function startIrc(
  runDir: RunDir,
  options: { readonly accounts: readonly string[] },
): Promise<LabIrc> {
  const folder = runDir.folder('irc');
  const [plain, tls, server, strict, services] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const ports: Ports = { plain, tls, server, strict, services };
  writeFiles(folder, ports, options.accounts);
  let inspircd = await startServer(runDir, folder, plain);
  let atheme = await startServices(runDir, folder, plain);
  const restartServices = async (): Promise<void> => {
    await atheme.stop();
    atheme = await startServices(runDir, folder, plain);
  };
  return {
    port: plain,
    tlsPort: tls,
    strictPort: strict,
    certFile: join(folder, 'cert.pem'),
    configFile: join(folder, 'inspircd.conf'),
    get processes() {
      return { inspircd, services: atheme };
    },
    restartServer: async () => {
      await inspircd.stop();
      inspircd = await startServer(runDir, folder, plain);
      await restartServices();
    },
    restartServices,
  };
}

function writeFiles(folder: string, ports: Ports, accounts: readonly string[]): void {
  for (const name of ['inspircd.conf', 'atheme.conf']) {
    const template = readFileSync(fileURLToPath(new URL(`irc/${name}`, import.meta.url)), 'utf8');
    const text = Object.entries(ports).reduce(
      (filled, [port, number]) => filled.replaceAll(`@${port.toUpperCase()}@`, String(number)),
      template,
    );
    writeFileSync(join(folder, name), text);
  }
  writeFileSync(join(folder, 'inspircd.motd'), '');
  const names = 'subjectAltName=DNS:irc.sluice.test,DNS:localhost,IP:127.0.0.1';
  const request = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '30',
    '-subj',
    '/CN=irc.sluice.test',
    '-addext',
    names,
  ];
  execFileSync(
    'openssl',
    [...request, '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')],
    { stdio: 'ignore' },
  );
  writeFileSync(join(folder, 'services.db'), accountDatabase(accounts));
}

/** Atheme's own database with the accounts in it: registering by chat would take two seconds for each. */
function accountDatabase(accounts: readonly string[]): string {
  const passwords = accounts.map((name) => `pw-${name}`);
  const hashes = execFileSync('openssl', ['passwd', '-1', '-stdin'], { input: `${passwords.join('\n')}\n` })
    .toString()
    .trim()
    .split('\n');
  const now = String(Math.floor(Date.now() / 1000));
  const users = accounts.flatMap((name, index) => [
    `MU ${`LAB${String(index)}`.padEnd(9, 'A')} ${name} ${hashes[index] ?? ''} ${name}@sluice.test ${now} ${now} +Cb default`,
    `MN ${name} ${name} ${now} ${now}`,
  ]);
  return [
    'GRVER 1',
    'DBV 12',
    'LUID AAAAAAAABA',
    'CF +AFHORVabefhioqrstv',
    ...users,
    'KID 0',
    'XID 0',
    'QID 0',
    '',
  ].join('\n');
}

async function startServer(runDir: RunDir, folder: string, port: number): Promise<LabProcess> {
  const asRoot = process.getuid?.() === 0 ? ['--runasroot'] : [];
  const args = ['--config', join(folder, 'inspircd.conf'), '--nofork', ...asRoot];
  const server = startProcess(runDir, {
    name: 'inspircd',
    command: 'inspircd',
    args,
    cwd: folder,
    env: { ...process.env, PATH },
  });
  await waitUntil('InspIRCd answers', () => isListening(port));
  return server;
}

/** Ready when the services have linked: only then does the server offer SASL. */
async function startServices(runDir: RunDir, folder: string, port: number): Promise<LabProcess> {
  const log = join(folder, 'services.log');
  if (!existsSync(log)) appendFileSync(log, '');
  const args = [
    '-n',
    '-c',
    join(folder, 'atheme.conf'),
    '-D',
    folder,
    '-p',
    join(folder, 'atheme.pid'),
    '-l',
    log,
  ];
  const services = startProcess(runDir, {
    name: 'atheme',
    command: 'atheme-services',
    args,
    cwd: folder,
    env: { ...process.env, PATH },
  });
  await waitUntil('the services have linked', () => offersSasl(port));
  return services;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

/** Whether a server of the network lets people log in: it is up, and sees the services. */
function offersSasl(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('CAP LS 302\r\n'));
    let seen = '';
    const end = (offers: boolean): void => {
      socket.destroy();
      resolve(offers);
    };
    socket.on('data', (data) => {
      seen += data.toString();
      if (/ LS :.*\r\n/.test(seen)) end(/\bsasl\b/.test(seen));
    });
    socket.once('error', () => {
      end(false);
    });
    socket.setTimeout(1000, () => {
      end(false);
    });
  });
}
