import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { doctor } from '../src/doctor.ts';
import type { ScriptedServer } from './adapters/irc/scripted-server.ts';
import { friendlyScript, startScriptedServer } from './adapters/irc/scripted-server.ts';
import type { ConfigFolder } from './config/build.ts';
import { makeConfigFolder, SECTIONS } from './config/build.ts';
import { serve } from './adapters/traffic/http-server.ts';
import { ensureConfctl } from './lab/confctl.ts';
import type { LabEtcd } from './lab/etcd.ts';
import { putValue, startEtcd } from './lab/etcd.ts';
import type { RunDir } from './lab/process.ts';
import { makeRunDir } from './lab/process.ts';
import type { LabRedis } from './lab/redis.ts';
import { startRedis } from './lab/redis.ts';

let runDir: RunDir;
let etcd: LabEtcd;
let redis: LabRedis;
let irc: ScriptedServer;
let folder: ConfigFolder;

beforeAll(async () => {
  runDir = makeRunDir();
  [etcd, redis, irc] = await Promise.all([
    startEtcd(runDir),
    startRedis(runDir),
    startScriptedServer(friendlyScript()),
  ]);
  const value = '{"weight": 10, "pooled": "yes"}';
  await putValue(`${etcd.url}/v2/keys/conftool/v1/pools/eqiad/maps/tiles/maps1`, value);
});

afterAll(async () => {
  await Promise.all([etcd.process.stop(), redis.process.stop(), irc.close()]);
  runDir.remove();
});

beforeEach(() => {
  folder = makeConfigFolder();
});

afterEach(() => {
  folder.remove();
});

function writeConfig(sections: Readonly<Record<string, unknown>> = {}): string {
  return folder.config({
    irc: { ...SECTIONS.irc, port: irc.port },
    redis: { url: redis.url },
    conftool: { endpoints: [etcd.url], scope: [{ cluster: 'maps' }] },
    ...sections,
  });
}

async function examine(file: string): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  return { code: await doctor(file, (line) => lines.push(line), {}), lines };
}

test('where all is well every part says so, and the exit code is 0', async () => {
  const file = writeConfig();
  expect(await examine(file)).toEqual({
    code: 0,
    lines: [
      `ok config ${file}: 1 people, 1 rules, 1 services`,
      'ok files nobody else may write configuration, secrets or code',
      `ok files ${folder.path}/state can be written`,
      expect.stringMatching(/^ok redis version/),
      'ok redis append-only file is on',
      'ok redis appendfsync always',
      'ok redis maxmemory-policy noeviction',
      'ok etcd v2 API answers: 1 objects in 1 pools at /conftool/v1/pools',
      'ok etcd may write inside the scope: eqiad/maps',
      'ok etcd no object is outside the scope',
      `ok irc connected to 127.0.0.1:${String(irc.port)} in clear text`,
      'ok irc logged in as sluice',
      'ok irc may join #ops',
      'ok irc people are known by the account on each message',
      'ok irc reactions approve',
      'warn load balancers none configured: what is declared counts as served',
    ],
  });
});

test('one part that fails is the exit code, and the others are looked at all the same', async () => {
  chmodSync(join(folder.path, 'people.yaml'), 0o602);
  const { code, lines } = await examine(writeConfig({ redis: undefined }));
  expect(code).toBe(1);
  expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([
    expect.stringMatching(/^FAIL files .*people.yaml: others may write it/),
  ]);
  expect(lines).toContain('ok irc may join #ops');
  expect(lines).toContainEqual(expect.stringMatching(/^ok redis own redis-server/));
});

test('a wrong configuration ends it, with every problem', async () => {
  expect(await examine(writeConfig({ migrations: 'migrations/', sall: {} }))).toEqual({
    code: 1,
    lines: expect.arrayContaining([
      'FAIL config migrations: not supported by this version',
      'FAIL config sall: unknown key. Nearest: sal',
    ]),
  });
});

test('a policy that people cannot fulfil is a warning', async () => {
  folder.write('policy.yaml', '- {commands: [pool], ask: [admin], approve: [sre], approvals: 1}\n');
  const { code, lines } = await examine(writeConfig());
  expect(code).toBe(0);
  expect(lines.slice(1, 3)).toEqual([
    'warn config nobody has the role admin that the policy names',
    'warn config rule 1 of the policy wants more approvals than others could give',
  ]);
});

test('it makes no signing key: root would make one that the service cannot read', async () => {
  const { lines } = await examine(writeConfig({ signingKeyFile: 'later-key' }));
  expect(lines).toContain(`ok files the first start will make ${folder.path}/later-key`);
  const again = await examine(writeConfig({ signingKeyFile: 'later-key' }));
  expect(again.lines).toContain(`ok files the first start will make ${folder.path}/later-key`);
});

test('load balancers and confctl that are there are ok, those that are not have failed; metrics only warn', async () => {
  const server = await serve((request, response) => {
    const isQuery = request.url?.startsWith('/api/v1/query') === true;
    response.end(isQuery ? '{"data": {"resultType": "vector", "result": []}}' : '[]');
  });
  const files = { configFile: 'policy.yaml', schemaFile: 'policy.yaml' };
  const conftool = { endpoints: [etcd.url], scope: [{ cluster: 'maps' }], driver: 'confctl' };
  const gone = 'http://127.0.0.1:9';
  const well = await examine(
    writeConfig({
      conftool: { ...conftool, confctl: { command: await ensureConfctl(), ...files } },
      loadBalancers: { eqiad: [{ name: 'lvs1019', url: server.url }] },
      prometheus: { eqiad: { url: server.url, requests: 'x' } },
    }),
  );
  await server.close();
  expect(well.code).toBe(0);
  expect(well.lines).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^ok confctl .*6\.1\.0/),
      'ok load balancers lvs1019 answers',
      'warn prometheus eqiad: the query gives no sample with a label host',
    ]),
  );
  const bad = await examine(
    writeConfig({
      conftool: { ...conftool, confctl: { command: 'no-such-confctl', ...files } },
      loadBalancers: { eqiad: [{ name: 'lvs1019', url: gone }] },
      prometheus: { eqiad: { url: gone, requests: 'x' } },
    }),
  );
  expect(bad.code).toBe(1);
  expect(bad.lines).toEqual(
    expect.arrayContaining([
      'FAIL confctl no-such-confctl: ENOENT',
      expect.stringMatching(/^FAIL load balancers lvs1019: /),
      expect.stringMatching(/^warn prometheus eqiad: /),
    ]),
  );
}, 180_000);
