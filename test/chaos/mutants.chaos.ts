import { describe, expect, test } from '@jest/globals';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProblems } from './check.ts';
import type { Life } from './plan-history.ts';
import { planHistory } from './plan-history.ts';
import { chanceOf } from './random.ts';
import { World } from './world.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MOST_ROUNDS = 4;
const SIDE_BY_SIDE = 4;
const SEED = 20;

const FROZEN_BEFORE_A_WRITE: Life = {
  faultPoints: 'after-intent=stop:1',
  freezeAt: undefined,
  wakeAt: 2500,
  end: { at: 4000, signal: 'SIGKILL' },
  humanMeddles: true,
};
const KILLED_AFTER_A_WRITE: Life = {
  ...FROZEN_BEFORE_A_WRITE,
  faultPoints: 'after-write=kill:1',
  humanMeddles: false,
};
const KILLED_LATE: Life = {
  ...KILLED_AFTER_A_WRITE,
  faultPoints: undefined,
  end: { at: 6000, signal: 'SIGKILL' },
};

/** A Sluice that is broken on purpose is found out by the same histories and the same check. */
describe('the check finds a Sluice that', () => {
  test.each([
    {
      name: 'writes whatever the index is',
      file: 'src/adapters/conftool/etcd-v2.ts',
      from: ', prevIndex: String(prevIndex) }',
      to: ' }',
      life: FROZEN_BEFORE_A_WRITE,
      problem: /a human's change was written over/,
    },
    {
      name: 'writes without an intent',
      file: 'src/app/journal-intents.ts',
      from: 'if (mark !== undefined && (await parts.stopFile.present()) !== undefined) return braked(store);',
      to: 'if (steps.length < 1000) return operation;',
      life: KILLED_AFTER_A_WRITE,
      problem: /written without an intent/,
    },
    {
      name: 'forgets what it has begun',
      file: 'src/app/sweep.ts',
      from: 'await wakeForgotten(parts, open.value, worker);',
      to: '',
      life: KILLED_AFTER_A_WRITE,
      problem: /has not ended/,
    },
    {
      name: 'does not note what it has said',
      file: 'src/app/outbox.ts',
      from: 'this.toMark.push({',
      to: "if (key.includes(':log')) { resolve(true); return; }\n      this.toMark.push({",
      life: KILLED_LATE,
      problem: /log lines in place of/,
    },
  ])('$name', async ({ file, from, to, life, problem }) => {
    const root = mutate({ file, from, to });
    const world = await World.open({ root });
    try {
      const found: string[] = [];
      for (let round = 0; round < MOST_ROUNDS && !found.some((one) => problem.test(one)); round++) {
        const histories = Array.from({ length: SIDE_BY_SIDE }, (_, index) => {
          const number = round * SIDE_BY_SIDE + index;
          return planHistory(chanceOf(SEED + number), number);
        });
        found.push(...(await world.play(histories, [life])).flatMap(findProblems));
      }
      expect(found.join('\n')).toMatch(problem);
    } finally {
      await world.close();
      rmSync(root, { recursive: true });
    }
  });
});

/** A copy of the sources in which one thing is changed. */
function mutate({
  file,
  from,
  to,
}: {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}): string {
  const root = mkdtempSync(join(tmpdir(), 'sluice-mutant-'));
  for (const name of ['src', 'commands', 'package.json', 'tsconfig.json'])
    cpSync(join(ROOT, name), join(root, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const text = readFileSync(join(root, file), 'utf8');
  if (!text.includes(from)) throw new Error(`${file} has no '${from}': the mutation is out of date`);
  writeFileSync(join(root, file), text.replace(from, to));
  return root;
}
