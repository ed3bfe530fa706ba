import { expect, test } from '@jest/globals';
import { ok } from '../../src/core/result.ts';
import { openMeters } from '../../src/observe/meters.ts';
import { FakeConftool } from '../stage/fake-conftool.ts';
import { MemoryStore } from '../stage/memory-store.ts';
import { StageAudit } from '../stage/stage-audit.ts';
import { StageClock } from '../stage/stage-clock.ts';
import { operation } from '../core/build.ts';

/** Of the text that Prometheus reads: `NAME{LABELS} VALUE`. */
function values(text: string, name: string): readonly string[] {
  return text.split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#'));
}

test('operations are counted by command and result, and how long people took', async () => {
  const clock = new StageClock(1_000_000);
  const meters = openMeters(() => clock.now());
  const audit = meters.audit(new StageAudit(clock));
  const told = (event: string, data: unknown = null, op: string | undefined = 'k7f'): Promise<unknown> =>
    audit.append({ op, event, person: 'elukey', data });
  const { request } = operation();
  await told('awaiting-approval', { request });
  clock.pass(40_000);
  await told('approve', { missing: 0 });
  await told('done', []);
  await told('queued', { request: { ...request, breakGlass: { reason: 'fire' } } }, 'm3k');
  await told('uncertain', {}, 'm3k');
  await told('settled', { to: 'failed' }, 'm3k');
  await audit.append({ op: undefined, event: 'refused', person: 'elukey', data: {} });
  const text = await meters.text({ store: new MemoryStore(), audit, chats: [] });
  expect(values(text, 'sluice_operations_total')).toEqual([
    'sluice_operations_total{command="depool",result="done"} 1',
    'sluice_operations_total{command="depool",result="failed"} 1',
  ]);
  expect(values(text, 'sluice_break_glass_total')).toEqual(['sluice_break_glass_total 1']);
  expect(values(text, 'sluice_refused_total')).toEqual(['sluice_refused_total 1']);
  expect(values(text, 'sluice_approval_wait_seconds_sum')).toEqual(['sluice_approval_wait_seconds_sum 40']);
  expect(values(text, 'sluice_audit_lines')).toEqual(['sluice_audit_lines 7']);
});

test('what the disk refused is not counted', async () => {
  const clock = new StageClock(0);
  const meters = openMeters(() => clock.now());
  const full = new StageAudit(clock);
  full.full = true;
  const audit = meters.audit(full);
  await audit.append({ op: undefined, event: 'refused', person: undefined, data: null });
  const text = await meters.text({ store: new MemoryStore(), audit, chats: [] });
  expect(values(text, 'sluice_refused_total')).toEqual(['sluice_refused_total 0']);
});

test('what waits is told with its age, and who is not there', async () => {
  const clock = new StageClock(100_000);
  const meters = openMeters(() => clock.now());
  const store = new MemoryStore();
  await store.create(operation({ state: 'queued', createdAt: 70_000, queuedAt: 90_000 }), []);
  const audit = new StageAudit(clock);
  const chats = [
    { transport: 'irc', state: () => 'ready' as const },
    { transport: 'slack', state: () => 'connecting' as const },
  ];
  const text = await meters.text({ store, audit, chats });
  expect(values(text, 'sluice_queue_age_seconds')).toEqual(['sluice_queue_age_seconds 10']);
  expect(values(text, 'sluice_operations_open{state="queued"}')).toEqual([
    'sluice_operations_open{state="queued"} 1',
  ]);
  expect(values(text, 'sluice_chat_ready')).toEqual([
    'sluice_chat_ready{transport="irc"} 1',
    'sluice_chat_ready{transport="slack"} 0',
  ]);
});

test('conftool is the same, and measured', async () => {
  const meters = openMeters(() => 0);
  const conftool = new FakeConftool([]);
  conftool.set('eqiad/maps/kartotherian/maps1005.eqiad.wmnet', '{"weight": 10, "pooled": "yes"}');
  const measured = meters.conftool(conftool);
  expect(await measured.poolsOfService('kartotherian')).toEqual(
    await conftool.poolsOfService('kartotherian'),
  );
  expect(await measured.ping()).toEqual(ok(undefined));
  const text = await meters.text({
    store: new MemoryStore(),
    audit: new StageAudit(new StageClock(0)),
    chats: [],
  });
  expect(values(text, 'sluice_conftool_seconds_count')).toEqual([
    'sluice_conftool_seconds_count{call="poolsOfService",ok="true"} 1',
  ]);
});
