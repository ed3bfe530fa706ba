import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { BOUNDS } from '../../src/config/bounds.ts';
import { openMeters } from '../../src/observe/meters.ts';
import { MemoryStore } from '../stage/memory-store.ts';
import { StageAudit } from '../stage/stage-audit.ts';
import { StageClock } from '../stage/stage-clock.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly annotations: { readonly runbook: string };
    }[];
  }[];
}

const rules = (parse(read('docs/deploy/alerts.yaml')) as Rules).groups.flatMap((group) => group.rules);

describe('the alerts', () => {
  test.each([
    ['are what Prometheus takes', ['check', 'rules', 'docs/deploy/alerts.yaml']],
    ['fire when something is wrong, and only then', ['test', 'rules', 'docs/deploy/alerts.test.yaml']],
  ])('%s', (_what, words) => {
    expect(execFileSync('promtool', words, { cwd: ROOT, encoding: 'utf8' })).toContain('SUCCESS');
  });

  test('each is tried in both ways', () => {
    const tried = read('docs/deploy/alerts.test.yaml').match(/alertname: \w+/g) ?? [];
    for (const { alert } of rules)
      expect(tried.filter((one) => one === `alertname: ${alert}`)).toHaveLength(2);
  });

  test('each is about something that Sluice tells', async () => {
    const clock = new StageClock(0);
    const audit = new StageAudit(clock);
    const text = await openMeters(() => clock.now()).text({ store: new MemoryStore(), audit, chats: [] });
    for (const { expr } of rules)
      for (const [metric] of expr.matchAll(/sluice_\w+/g))
        expect(text).toContain(`# TYPE ${metric.replace(/_bucket$/, '')} `);
  });

  test('each says where to read what to type', () => {
    const titles = [...read('docs/operating.md').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title);
    for (const { annotations, alert } of rules) {
      expect(annotations.runbook).toBe(`docs/operating.md#${alert.toLowerCase()}`);
      expect(titles).toContain(alert);
    }
  });
});

test('what the Dockerfile copies is there, and nobody runs it as root', () => {
  const dockerfile = read('Dockerfile');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, files = '']) =>
    files.split(' '),
  );
  expect(copied.length).toBeGreaterThan(5);
  for (const file of copied)
    expect({ file, exists: existsSync(`${ROOT}${file}`) }).toEqual({ file, exists: true });
  expect(dockerfile.trimEnd().split('FROM').at(-1)).toMatch(/^USER sluice$/m);
});

describe('what the documents say', () => {
  test.each(['docs/operating.md', 'docs/crash-points.md'])('%s names tests that there are', (document) => {
    const folders = ['transcripts', 'end-to-end', 'adapters', 'app', 'tools', 'core'].join('|');
    const named = [...read(document).matchAll(new RegExp(`\`((?:${folders})/[\\w/-]+)\``, 'g'))].map(
      ([, name = '']) => name,
    );
    expect(named.length).toBeGreaterThan(10);
    const isThere = (name: string): boolean =>
      [`test/${name}.test.ts`, `test/${name}.chat`, `test/${name}.ts`].some((path) =>
        existsSync(`${ROOT}${path}`),
      );
    expect(named.filter((name) => !isThere(name))).toEqual([]);
  });

  // What an operator reads there is what Sluice says: the sentences are those of the transcripts beside them.
  test('the sentences for an outage are said in the transcripts that it names', () => {
    const [, table = ''] = /## What is down, then\n([^]*?)\n## /.exec(read('docs/operating.md')) ?? [];
    const rows = table.split('\n').filter((line) => line.startsWith('| ') && line.includes('`transcripts/'));
    expect(rows.length).toBeGreaterThan(7);
    for (const row of rows) {
      const cells = row.split('|').map((cell) => cell.trim());
      const transcripts = [...row.matchAll(/`transcripts\/([\w-]+)`/g)].map(([, name = '']) =>
        read(`test/transcripts/${name}.chat`),
      );
      for (const [, sentence = ''] of (cells[2] ?? '').matchAll(/`([^`]*)`/g))
        if (sentence.length > 12)
          expect({ sentence, said: transcripts.some((text) => text.includes(sentence)) }).toEqual({
            sentence,
            said: true,
          });
    }
  });
});

// npm leaves out what another platform needs when it adds a package beside installed ones, and refuses the result elsewhere.
test('the lock has the optional packages of every platform', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
    Object.keys(optionalDependencies),
  );
  expect(wanted.length).toBeGreaterThan(20);
  const locked = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')));
  expect(wanted.filter((name) => !locked.has(name))).toEqual([]);
});

test('the unit waits longer for the end than Sluice needs', () => {
  const unit = read('docs/deploy/sluice@.service');
  const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]);
  expect(seconds * 1000).toBeGreaterThan(BOUNDS.closeWithinMs);
  expect(unit).toMatch(/^ExecStart=\S+ \S+\/dist\/src\/main\.js .* --role %i$/m);
});
