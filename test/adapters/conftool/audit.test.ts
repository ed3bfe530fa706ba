import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import { join } from 'node:path';
import type { AuditSink } from '../../../src/adapters/conftool/audit-sink.ts';
import { openAuditSink } from '../../../src/adapters/conftool/audit-sink.ts';
import type { Conftool } from '../../../src/ports/conftool.ts';
import { ORIGIN } from '../../core/build.ts';
import { runConfctl } from '../../lab/confctl.ts';
import type { LabEtcd } from '../../lab/etcd.ts';
import { seedConftool, startEtcd } from '../../lab/etcd.ts';
import type { RunDir } from '../../lab/process.ts';
import { freePort, makeRunDir, startProcess, waitUntil } from '../../lab/process.ts';
import { openDriver } from './open-driver.ts';

const KEY = { dc: 'eqiad', cluster: 'maps', service: 'kartotherian-ssl', host: 'maps1005.eqiad.wmnet' };
const SLUICE_KEYS = ['sluice.operation', 'sluice.approvers', 'sluice.before', 'sluice.after'];
const LINE = /^ ConftoolAudit\[\d+\]: @cee: (\{.*\})$/m;

let run: RunDir;
let etcd: LabEtcd;

beforeAll(async () => {
  run = makeRunDir();
  etcd = await startEtcd(run);
  await seedConftool(etcd.url);
});

afterAll(async () => {
  await etcd.process.stop();
  run.remove();
});

let conftool: Conftool | undefined;
let sink: AuditSink | undefined;

afterEach(async () => {
  await conftool?.close();
  await sink?.close();
  conftool = undefined;
  sink = undefined;
  jest.restoreAllMocks();
});

/** A write by the native driver whose records go to that sink; `read` may be false to write over an index that is gone. */
async function write(opened: AuditSink, pooled: 'yes' | 'no'): Promise<boolean> {
  sink = opened;
  conftool = openDriver(etcd.url, {
    audit: (audit) => {
      opened.tell(audit);
    },
  });
  const pool = await conftool.pool(KEY);
  const node = pool.ok ? pool.value.nodes.find(({ key }) => key.host === KEY.host) : undefined;
  if (node === undefined) throw new Error('no node');
  return (await conftool.write(node, { pooled }, ORIGIN)).ok;
}

/** What is written to stderr meanwhile. */
function heardOnStderr(): string[] {
  const lines: string[] = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  return lines;
}

function recordIn(text: string): Record<string, unknown> {
  return JSON.parse(LINE.exec(text)?.[1] ?? 'null') as Record<string, unknown>;
}

const nobody = (): void => undefined;

test('the record of a write is the one that confctl leaves, with what only Sluice knows after it', async () => {
  const args = [
    'tags',
    'dc=eqiad,cluster=maps,service=kartotherian-ssl',
    '--action',
    'set/pooled=no',
    KEY.host,
  ];
  const { stderr } = await runConfctl(etcd.url, args, { actor: ORIGIN.person });
  const theirs = recordIn(stderr);
  const lines = heardOnStderr();
  const syslogSocket = join(run.path, 'no-such-socket');
  expect(await write(openAuditSink({ conftool2git: undefined, syslogSocket, warn: nobody }), 'yes')).toBe(
    true,
  );
  await waitUntil('it is recorded', () => lines.length > 0);
  const ours = recordIn(lines.join(''));
  expect(Object.keys(ours)).toEqual([...Object.keys(theirs), ...SLUICE_KEYS]);
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?\+00:00$/;
  expect(ours['@timestamp']).toMatch(time);
  expect(theirs['@timestamp']).toMatch(time);
  expect(ours).toEqual({
    ...theirs,
    '@timestamp': ours['@timestamp'],
    'sluice.operation': 'k7f',
    'sluice.approvers': ['jijiki'],
    'sluice.before': '{"weight": 10, "pooled": "no"}',
    'sluice.after': '{"weight": 10, "pooled": "yes"}',
  });
});

test('a write that failed leaves a record too', async () => {
  const lines = heardOnStderr();
  const opened = openAuditSink({ conftool2git: undefined, syslogSocket: '/no/such/socket', warn: nobody });
  sink = opened;
  conftool = openDriver(etcd.url, {
    audit: (audit) => {
      opened.tell(audit);
    },
  });
  const node = {
    key: KEY,
    state: { pooled: 'yes', weight: 10 } as const,
    text: '{"weight": 10, "pooled": "yes"}',
  };
  expect((await conftool.write({ ...node, modifiedIndex: 1 }, { pooled: 'no' }, ORIGIN)).ok).toBe(false);
  await waitUntil('it is recorded', () => lines.length > 0);
  expect(recordIn(lines.join(''))).toMatchObject({ 'event.outcome': 'failure', 'user.name': 'elukey' });
});

test('where there is a syslog, it gets the line as conftool-audit of local0', async () => {
  const syslogSocket = join(run.path, 'log');
  const received = join(run.path, 'received');
  const listener = `import socket,sys
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind(sys.argv[1]); open(sys.argv[2],'w').close()
open(sys.argv[2],'wb').write(s.recv(65536))`;
  const syslog = startProcess(run, {
    name: 'syslog',
    command: 'python3',
    args: ['-c', listener, syslogSocket, received],
  });
  const { readFileSync, existsSync } = await import('node:fs');
  await waitUntil('syslog listens', () => existsSync(received));
  await write(openAuditSink({ conftool2git: undefined, syslogSocket, warn: nobody }), 'no');
  await waitUntil('syslog has a line', () => readFileSync(received, 'utf8') !== '');
  await syslog.stop();
  const line = readFileSync(received, 'utf8');
  // 134 is local0 (16) times 8 plus info (6).
  expect(line).toMatch(
    /^<134>.*conftool-audit: {1,2}ConftoolAudit\[\d+\]: @cee: \{"ecs\.version": "1\.11\.0"/,
  );
});

describe('conftool2git', () => {
  let server: Server;
  let port: number;
  const posted: { url: string; headers: IncomingHttpHeaders; body: string }[] = [];

  beforeEach(async () => {
    posted.length = 0;
    port = await freePort();
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        posted.push({ url: request.url ?? '', headers: request.headers, body });
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  });

  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  test('is told what confctl would tell it', async () => {
    heardOnStderr();
    await write(openAuditSink({ conftool2git: { host: '127.0.0.1', port }, warn: nobody }), 'yes');
    await waitUntil('it was told', () => posted.length === 1);
    expect(posted[0]).toMatchObject({
      url: '/auditlog',
      headers: { 'content-type': 'application/json' },
    });
    expect(JSON.parse(posted[0]?.body ?? '')).toMatchObject({
      'event.action': 'write',
      'event.outcome': 'success',
      'service.name': 'pools/eqiad/maps/kartotherian-ssl/maps1005.eqiad.wmnet',
      'user.name': 'elukey',
    });
  });

  test('that is away, or silent, holds nothing up', async () => {
    heardOnStderr();
    const warned: string[] = [];
    const warn = (_fields: object, message: string): void => void warned.push(message);
    server.removeAllListeners('request');
    expect(await write(openAuditSink({ conftool2git: { host: '127.0.0.1', port }, warn }), 'no')).toBe(true);
    await waitUntil('it was given up', () => warned.length === 1);
    expect(warned).toEqual(['conftool2git was not told']);
  });
});
