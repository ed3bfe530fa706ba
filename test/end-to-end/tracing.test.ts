import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import type { Talker } from './conversation.ts';
import { talker } from './conversation.ts';

const K8S = 'kartotherian-k8s-ssl';

/** A span as OTLP's JSON has it, and of which process it is. */
interface Span {
  readonly role: string;
  readonly name: string;
  readonly spanId: string;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly fields: Readonly<Record<string, string>>;
}

let lab: Lab;
let elukey: Talker;
let jijiki: Talker;
let collector: Server;
const spans: Span[] = [];
const bodies: string[] = [];

beforeAll(async () => {
  lab = await startLab();
  [elukey, jijiki] = await Promise.all([talker(lab, 'elukey'), talker(lab, 'jijiki')]);
  collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      bodies.push(body);
      spans.push(...readSpans(body));
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  collector.closeAllConnections();
  collector.close();
  await lab.stop();
});

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

function readSpans(body: string): readonly Span[] {
  const { resourceSpans } = JSON.parse(body) as {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes: readonly Attribute[] };
      readonly scopeSpans: readonly {
        readonly spans: readonly (Omit<Span, 'fields' | 'role'> & {
          readonly attributes: readonly Attribute[];
        })[];
      }[];
    }[];
  };
  const textsOf = (attributes: readonly Attribute[]): Record<string, string> =>
    Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? '']));
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map(({ attributes, ...span }) => ({
        ...span,
        role: textsOf(resource.attributes)['sluice.role'] ?? '',
        fields: textsOf(attributes),
      })),
    ),
  );
}

/** The names from a span up to the line in chat that it began with. */
function pathOf(span: Span): readonly string[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [`${span.role}: ${span.name}`, ...(parent === undefined ? [] : pathOf(parent))];
}

test('one id from the line in chat to the write in etcd, in the logs and as spans of two processes', async () => {
  const { port } = collector.address() as AddressInfo;
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${String(port)}`,
    OTEL_BSP_SCHEDULE_DELAY: '100',
  };
  const [gateway, worker] = [
    lab.startSluice({ env, args: ['--role', 'gateway'] }),
    lab.startSluice({ env, args: ['--role', 'worker'] }),
  ];
  await Promise.all([gateway.ready, worker.ready]);
  const { id } = await elukey.request(`!pool wikikube-worker1001 ${K8S} first of them - T378944`);
  await jijiki.ask(`!approve ${id}`, new RegExp(`${id} done in `));
  await Promise.all([gateway.process.stop(), worker.process.stop()]);

  const write = spans.find(({ name }) => name === 'conftool write');
  expect(write?.fields).toEqual(
    expect.objectContaining({ 'sluice.object': `eqiad/maps/${K8S}/wikikube-worker1001.eqiad.wmnet` }),
  );
  // The approval is what set it going.
  expect(write === undefined ? [] : pathOf(write)).toEqual([
    'worker: conftool write',
    'worker: run',
    expect.stringMatching(/^worker: process/),
    expect.stringMatching(/^gateway: add/),
    'gateway: hear',
  ]);
  const heard = spans.filter(({ name }) => name === 'hear');
  expect(heard.map(({ fields }) => fields['sluice.op'])).toEqual([id, id]);
  // What people said is nobody's business but the channel's.
  expect(bodies.join('')).not.toMatch(/first of them|!pool|!approve/);

  const logged = [gateway, worker].flatMap(({ logFile }) =>
    readFileSync(logFile, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ op }) => op === id)
      .map(({ msg }) => msg),
  );
  expect(logged.filter((event) => event !== 'step-done')).toEqual([
    'awaiting-approval',
    'approve',
    ...['intent', 'compare-and-swap', 'intent', 'compare-and-swap'],
    'done',
  ]);
});

test('a collector that is away holds up nobody, also at the end', async () => {
  const sluice = lab.startSluice({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' } });
  await sluice.ready;
  await elukey.ask('!health', /etcd/);
  await sluice.process.stop();
  expect(readFileSync(sluice.logFile, 'utf8')).toContain('"ended"');
});
