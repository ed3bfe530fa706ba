import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { OperationState } from '../core/operation.ts';
import { isFinal, OPEN_STATES, OPERATION_TRANSITIONS } from '../core/operation.ts';
import type { Audit, AuditEntry } from '../ports/audit.ts';
import type { Chat } from '../ports/chat.ts';
import type { Conftool } from '../ports/conftool.ts';
import type { Store } from '../ports/store.ts';

/** Whose numbers are looked at when somebody asks for them. */
interface Metered {
  readonly store: Pick<Store, 'open' | 'unsentRows'>;
  readonly audit: Pick<Audit, 'head'>;
  readonly chats: readonly Pick<Chat, 'transport' | 'state'>[];
}

/** What Prometheus is told of Sluice. */
export interface Meters {
  /** The same log; what is written to it is counted. */
  audit(audit: Audit): Audit;
  /** The same conftool; how long it takes is measured. */
  conftool(conftool: Conftool): Conftool;
  /** In Prometheus' text format, as of now. */
  text(metered: Metered): Promise<string>;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const WAITS = [5, 15, 30, 60, 120, 300, 600, 900, 1800];
const TIMED = ['pool', 'poolsOfService', 'allPools', 'write', 'firstChangeAfter', 'records'] as const;

/** @param now milliseconds since 1970. */
export function openMeters(now: () => number): Meters {
  const registers = [new Registry()];
  const counter = (name: string, help: string, labelNames: readonly string[]): Counter =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  const gauge = (name: string, help: string, labelNames: readonly string[] = []): Gauge =>
    new Gauge({ name, help, labelNames: [...labelNames], registers });
  const ended = counter('sluice_operations_total', 'Operations that have ended.', ['command', 'result']);
  const refused = counter(
    'sluice_refused_total',
    'Lines that were refused before they became operations.',
    [],
  );
  const glass = counter('sluice_break_glass_total', 'Operations that waited for nobody.', []);
  const wait = new Histogram({
    name: 'sluice_approval_wait_seconds',
    help: 'From the request to the last approval.',
    buckets: WAITS,
    registers,
  });
  const asked = new Histogram({
    name: 'sluice_conftool_seconds',
    help: 'What one question to conftool, or one write, took.',
    labelNames: ['call', 'ok'],
    buckets: SECONDS,
    registers,
  });
  const open = gauge('sluice_operations_open', 'Operations that have not ended.', ['state']);
  const queueAge = gauge(
    'sluice_queue_age_seconds',
    'Since the oldest operation was approved that has not begun.',
  );
  const outboxAge = gauge(
    'sluice_outbox_age_seconds',
    'Since the oldest line happened that is not said yet.',
  );
  const chatUp = gauge('sluice_chat_ready', '1 while logged in and joined.', ['transport']);
  const auditSeq = gauge('sluice_audit_lines', 'The number of the last line of the audit log.');
  const auditHead = gauge('sluice_audit_head', 'Its hash, to be held against `audit verify --head`.', [
    'hash',
  ]);
  const commands = new Map<string, { readonly command: string; readonly askedAt: number }>();

  /** Of one operation: every event of it passes here once. */
  const count = ({ op, event, data }: AuditEntry): void => {
    if (event === 'refused' && op === undefined) refused.inc();
    if (op === undefined) return;
    const request = requestOf(data);
    if (request !== undefined) {
      commands.set(op, { command: request.command, askedAt: now() });
      if (request.breakGlass !== undefined) glass.inc();
    }
    const known = commands.get(op);
    if (event === 'approve' && isLast(data) && known !== undefined)
      wait.observe((now() - known.askedAt) / 1000);
    const state = event === 'settled' ? settledState(data) : event;
    if (!isState(state) || !isFinal(state)) return;
    ended.inc({ command: known?.command ?? 'unknown', result: state });
    commands.delete(op);
  };

  return {
    audit: (audit) => ({
      append: async (entry, when) => {
        const written = await audit.append(entry, when);
        if (written.ok) count(entry);
        return written;
      },
      head: () => audit.head(),
      close: () => audit.close(),
    }),
    conftool: (conftool) => {
      // What is not measured is inherited.
      const timed = Object.create(conftool) as Record<string, unknown>;
      for (const call of TIMED) {
        // Each of them takes what it takes and answers a Result.
        const inner = conftool[call].bind(conftool) as (
          ...args: unknown[]
        ) => Promise<{ readonly ok: boolean }>;
        const well = asked.labels({ call, ok: 'true' });
        const badly = asked.labels({ call, ok: 'false' });
        timed[call] = async (...args: unknown[]) => {
          const startedAt = now();
          const result = await inner(...args);
          (result.ok ? well : badly).observe((now() - startedAt) / 1000);
          return result;
        };
      }
      return timed as unknown as Conftool;
    },
    text: async ({ store, audit, chats }) => {
      const [operations, rows] = await Promise.all([store.open(), store.unsentRows(1)]);
      open.reset();
      if (operations.ok) {
        for (const state of OPEN_STATES)
          open.set({ state }, operations.value.filter((one) => one.state === state).length);
        const queued = operations.value.filter(({ state }) => state === 'queued');
        queueAge.set(
          ageOf(
            queued.map(({ queuedAt, createdAt }) => queuedAt ?? createdAt),
            now(),
          ),
        );
      }
      if (rows.ok)
        outboxAge.set(
          ageOf(
            rows.value.map(({ at }) => at),
            now(),
          ),
        );
      for (const chat of chats) chatUp.set({ transport: chat.transport }, chat.state() === 'ready' ? 1 : 0);
      const { seq, hash } = audit.head();
      auditSeq.set(seq);
      auditHead.reset();
      auditHead.set({ hash }, 1);
      return registers[0]?.metrics() ?? '';
    },
  };
}

function ageOf(times: readonly number[], now: number): number {
  return times.length === 0 ? 0 : Math.max(0, (now - Math.min(...times)) / 1000);
}

function requestOf(data: unknown): { readonly command: string; readonly breakGlass?: unknown } | undefined {
  // Written by `askForPlan`.
  return (
    data as { readonly request?: { readonly command: string; readonly breakGlass?: unknown } } | undefined
  )?.request;
}

/** Whether that approval was the last one that was missing. */
function isLast(data: unknown): boolean {
  return (data as { readonly missing?: number } | undefined)?.missing === 0;
}

function settledState(data: unknown): string {
  return (data as { readonly to?: string } | undefined)?.to ?? '';
}

function isState(text: string): text is OperationState {
  return text in OPERATION_TRANSITIONS;
}
