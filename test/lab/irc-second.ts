import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IrcPerson } from './irc-client.ts';
import type { LabIrc } from './irc.ts';
import { offersSasl } from './irc.ts';
import type { LabProcess, RunDir } from './process.ts';
import { freePort, startProcess, waitUntil } from './process.ts';

/** A second server of the lab's network. People on it leave with a split, and come back when it heals. */
export interface SecondServer {
  /** Clients, plain, no flood rules. */
  readonly port: number;
  readonly process: LabProcess;
}

const NAME = 'irc2.sluice.test';
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`;

/**
 * Starts it and links it: who is cut off by a split is linked again within seconds, by itself.
 *
 * @throws when it has not linked within ten seconds.
 */
export async function startSecondServer(runDir: RunDir, irc: LabIrc): Promise<SecondServer> {
  const folder = runDir.folder('irc2');
  const port = await freePort();
  const template = readFileSync(fileURLToPath(new URL('irc/irc2.conf', import.meta.url)), 'utf8');
  const config = join(folder, 'irc2.conf');
  writeFileSync(
    config,
    template.replaceAll('@PLAIN@', String(port)).replaceAll('@SERVER@', String(irc.serverPort)),
  );
  writeFileSync(join(folder, 'inspircd.motd'), '');
  const asRoot = process.getuid?.() === 0 ? ['--runasroot'] : [];
  const server = startProcess(runDir, {
    name: 'irc2',
    command: 'inspircd',
    args: ['--config', config, '--nofork', ...asRoot],
    cwd: folder,
    env: { ...process.env, PATH },
  });
  await waitUntil('the second server has linked', () => offersSasl(port));
  return { port, process: server };
}

/** Cuts the second server off. @param operator has the rights of an operator, on the main server. */
export function split(operator: IrcPerson): void {
  operator.raw(`SQUIT ${NAME} :split`);
}
