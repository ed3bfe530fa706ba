import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { examineIrc } from '../../../src/adapters/irc/examine.ts';
import { doctorLineText } from '../../../src/core/doctor-line.ts';
import { startIrc } from '../../lab/irc.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir } from '../../lab/process.ts';
import { passwordOf } from '../../lab/world-files.ts';

let runDir: RunDir;
let irc: Awaited<ReturnType<typeof startIrc>>;

beforeAll(async () => {
  runDir = makeRunDir();
  irc = await startIrc(runDir, { accounts: ['sluice'] });
});

afterAll(async () => {
  await Promise.all([irc.processes.inspircd.stop(), irc.processes.services.stop()]);
  runDir.remove();
});

async function examine(password: string, ca?: string): Promise<readonly string[]> {
  const lines = await examineIrc({
    host: '127.0.0.1',
    port: ca === undefined ? irc.port : irc.tlsPort,
    tls: ca === undefined ? false : { ca },
    nick: 'sluice',
    account: { kind: 'plain', name: 'sluice', password },
    channels: ['#ops'],
    timeoutMs: 10_000,
  });
  return lines.map(doctorLineText);
}

test('on a real network the account logs in and joins', async () => {
  expect((await examine(passwordOf('sluice'))).slice(1)).toEqual([
    'ok irc logged in as sluice',
    'ok irc may join #ops',
    'ok irc people are known by the account on each message',
    'ok irc reactions approve',
  ]);
});

test('on a real network a wrong password is named', async () => {
  expect((await examine('wrong')).at(-1)).toMatch(/^FAIL irc login as sluice is refused: /);
});

test('on a real network TLS is verified with the authority that is given', async () => {
  const lines = await examine(passwordOf('sluice'), readFileSync(irc.certFile, 'utf8'));
  expect(lines).toEqual([
    `ok irc connected to 127.0.0.1:${String(irc.tlsPort)} with TLS`,
    'ok irc logged in as sluice',
    'ok irc may join #ops',
    'ok irc people are known by the account on each message',
    'ok irc reactions approve',
  ]);
});
