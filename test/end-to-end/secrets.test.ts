import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { Talker } from './conversation.ts';
import { talker } from './conversation.ts';

const SSL = 'kartotherian-ssl';
const SECRET_FILES = ['irc-password', 'signing-key', 'slack-bot-token', 'slack-app-token'];

let lab: Lab;
let elukey: Talker;

beforeAll(async () => {
  lab = await startLab({ slack: true });
  elukey = await talker(lab, 'elukey');
});

afterAll(() => lab.stop());

/** Every file below a folder, as text. */
function textsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}

/** Everything that the journal holds, whatever its type. */
async function journal(): Promise<string> {
  const redis = new Redis(lab.redis.url);
  try {
    // Compressed, nothing would be found in it.
    await redis.config('SET', 'rdbcompression', 'no');
    const keys = await redis.keys('*');
    const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
    return [...keys, ...dumps.map((dump) => dump.toString('latin1'))].join('\n');
  } finally {
    redis.disconnect();
  }
}

test('no secret is ever logged, audited or stored in Redis, also when logins fail and everything is logged', async () => {
  const folder = dirname(lab.configFile);
  const secrets = SECRET_FILES.map((name) => readFileSync(join(folder, name), 'utf8').trim());
  const shapes = secrets.flatMap((secret) => [
    secret,
    Buffer.from(secret).toString('base64'),
    Buffer.from(`sluice\0sluice\0${secret}`).toString('base64'),
  ]);
  const env = { SLUICE_LOG_LEVEL: 'trace', DEBUG: '*' };
  const sluice = lab.startSluice({ env });
  await sluice.ready;
  await elukey.ask(`!depool maps1005 ${SSL}`, / done in /);
  await elukey.ask('!depool maps9999 nothing', /refused/);
  // Services, Redis and etcd go and come: failures tell a lot.
  await lab.irc.restartServer();
  await lab.redis.restart();
  await sluice.process.stop();
  // The same, with a password and a token that are refused.
  const wrong = 'wrong-but-still-nobodys-business';
  const refused = lab.startSluice({
    env: { ...env, WRONG: wrong },
    configFile: lab.configWith('refused', {
      irc: {
        host: '127.0.0.1',
        port: lab.irc.port,
        tls: false,
        nick: 'sluice',
        account: { name: 'sluice', passwordEnv: 'WRONG' },
        channels: [lab.channel],
      },
    }),
  });
  await waitUntil('the login is refused', () =>
    readFileSync(refused.logFile, 'utf8').includes('the account and password were refused'),
  );
  await refused.process.stop();
  const logs = [sluice, refused].map(({ logFile }) => readFileSync(logFile, 'utf8'));
  const told = [...logs, ...textsBelow(lab.stateDir), await journal()];
  for (const text of told)
    for (const shape of [...shapes, wrong, Buffer.from(wrong).toString('base64')])
      expect(text.includes(shape)).toBe(false);
  // It was looked where something is.
  expect(logs.join('').length).toBeGreaterThan(2000);
  expect(told.join('')).toContain('maps1005');
});
