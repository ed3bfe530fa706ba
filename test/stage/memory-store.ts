import assert from 'node:assert';
import type { Fault } from '../../src/core/fault.ts';
import type { Lock } from '../../src/core/lock.ts';
import { afterTransition, afterVote } from '../../src/core/progress.ts';
import type { Operation, Vote } from '../../src/core/operation.ts';
import { OPEN_STATES, OPERATION_TRANSITIONS, isFinal, linesOf } from '../../src/core/operation.ts';
import { tooAlike } from '../../src/core/operation-id.ts';
import { missingApprovals } from '../../src/core/approval.ts';
import type { Result } from '../../src/core/result.ts';
import { fail, ok } from '../../src/core/result.ts';
import { ROW_PREDECESSORS } from '../../src/core/row-state.ts';
import type { Suspension } from '../../src/core/suspension.ts';
import type { SeenChange } from '../../src/core/seen-change.ts';
import { STEP_TRANSITIONS } from '../../src/core/step-state.ts';
import { stepSubject } from '../../src/core/step.ts';
import type {
  Freeze,
  OutboxRow,
  Removal,
  StandingQuestion,
  Store,
  StoredRow,
  Transition,
  VoteOutcome,
} from '../../src/ports/store.ts';

type Answer<T> = Extract<T, { readonly ok: true }> extends { readonly value: infer V } ? V : never;
type Created = Answer<Awaited<ReturnType<Store['create']>>>;
type Withdrawn = Answer<Awaited<ReturnType<Store['withdraw']>>>;

interface Place {
  readonly transport: string;
  readonly channel: string;
}

/** The journal in memory, held to the same contract as the one in Redis; deadlines are by the caller's clock. */
export class MemoryStore implements Store {
  private logDown: number | undefined;
  private brakesMoved = 0;
  private readonly operations = new Map<string, Operation>();
  /** What the one process that there is on a stage has read last. */
  private readonly lastKnown = new Map<string, Operation>();
  private readonly events = new Map<string, string>();
  private readonly lines = new Map<string, string[]>();
  private readonly views = new Map<string, string>();
  private readonly rows = new Map<string, StoredRow>();
  private readonly removed = new Map<string, Removal>();
  private readonly cards = new Map<string, string>();
  private readonly takenIn = new Set<string>();
  private readonly inbox = new Map<string, string>();
  private readonly locked = new Map<string, Lock>();
  private readonly suspended = new Map<string, Suspension>();
  private readonly written = new Map<string, number>();
  private readonly broken: string[] = [];
  private readonly reminders = new Map<string, number>();
  private readonly seenChanges = new Map<string, SeenChange>();
  private frozen: Freeze | undefined;
  private outage: Fault | undefined;

  goDown(): void {
    this.outage = { kind: 'store-unreachable', cause: 'the test says so' };
  }

  comeBack(): void {
    this.outage = undefined;
  }

  /** What somebody who can write to Redis could do. */
  tamper(id: string, change: (operation: Operation) => Operation): void {
    const operation = this.operations.get(id);
    assert(operation !== undefined, `no ${id} to tamper with`);
    this.keep(change(operation));
    if (this.operations.get(id)?.state === 'queued') this.join(operation, id);
  }

  create(operation: Operation, rows: readonly OutboxRow[]): ReturnType<Store['create']> {
    return this.answer<Created>(() => {
      const { id, request } = operation;
      const known = this.events.get(request.eventKey);
      if (known !== undefined) return ok({ kind: 'duplicate' as const, id: known });
      const open = [...this.operations.values()].filter(({ state }) => !isFinal(state));
      if (this.operations.has(id) || open.some((other) => tooAlike(other.id, id)))
        return ok({ kind: 'taken' as const });
      this.events.set(request.eventKey, id);
      this.keep(operation);
      if (operation.state === 'queued') this.join(operation, id);
      if (request.breakGlass !== undefined) this.broken.push(id);
      this.putRows(rows);
      return ok({
        kind: 'created' as const,
        before: operation.state === 'queued' ? this.before(operation) : [],
      });
    });
  }

  /** Everything in it is gone. */
  lose(): void {
    this.operations.clear();
    this.events.clear();
  }

  /** Another process begins, which has read nothing yet. */
  beginAnew(): void {
    this.lastKnown.clear();
  }

  /** The server that has it is gone, and what took over never had this operation. */
  loseOne(id: string): void {
    const operation = this.operations.get(id);
    assert(operation !== undefined, `no ${id} to lose`);
    this.operations.delete(id);
    this.events.delete(operation.request.eventKey);
    for (const line of linesOf(operation.request))
      this.lines.set(
        line,
        (this.lines.get(line) ?? []).filter((other) => other !== id),
      );
  }

  /** Everything that was ever stored: for a story to look at. */
  all(): readonly Operation[] {
    return [...this.operations.values()];
  }

  restore(operation: Operation): ReturnType<Store['restore']> {
    return this.answer(() => {
      this.events.set(operation.request.eventKey, operation.id);
      this.keep(operation);
      return ok(undefined);
    });
  }

  operation(id: string): ReturnType<Store['operation']> {
    return this.answer(() => {
      const operation = this.operations.get(id);
      if (operation === undefined) this.lastKnown.delete(id);
      return ok(copy(operation));
    });
  }

  known(id: string): Operation | undefined {
    return copy(this.operations.get(id));
  }

  unended(): readonly Operation[] {
    return copy([...this.lastKnown.values()].filter(({ state }) => !isFinal(state)));
  }

  open(): ReturnType<Store['open']> {
    return this.answer(() =>
      ok(copy(this.sorted().filter(({ state }) => (OPEN_STATES as readonly string[]).includes(state)))),
    );
  }

  recent(most: number): ReturnType<Store['recent']> {
    return this.answer(() => ok(copy(this.sorted().reverse().slice(0, most))));
  }

  transition(transition: Transition): ReturnType<Store['transition']> {
    return this.move(transition, this.revision());
  }

  /** @param revision of before the vote that it comes with. */
  private move(transition: Transition, revision: string): ReturnType<Store['transition']> {
    return this.answer(() => {
      const operation = this.operations.get(transition.id);
      const why = operation === undefined ? 'unknown' : refusal(operation, transition);
      if (operation === undefined || why !== undefined) {
        return fail({
          kind: 'transition-refused',
          id: transition.id,
          state: operation?.state ?? 'unknown',
          why: why ?? '',
        });
      }
      const { ifBrakes, ifFirst, ifVote, after } = transition;
      if (ifVote !== undefined && !operation.votes.some(({ person }) => person === ifVote))
        return fail({
          kind: 'transition-refused',
          id: transition.id,
          state: operation.state,
          why: 'the approval was not counted',
        });
      const before = after && this.operations.get(after.id);
      if (after !== undefined && (before?.state !== 'running' || before.epoch !== after.epoch))
        return fail({
          kind: 'transition-refused',
          id: transition.id,
          state: operation.state,
          why: 'the one before it has not begun, or not here',
        });
      if (ifBrakes !== undefined && (ifBrakes !== this.mark() || operation.stopRequestedBy !== undefined))
        return fail({ kind: 'brakes-moved', id: transition.id });
      if (transition.ifRevision !== undefined && transition.ifRevision !== revision)
        return fail({ kind: 'brakes-moved', id: transition.id });
      const [ahead] = this.before(operation);
      if (ifFirst === true && ahead !== undefined)
        return fail({
          kind: 'transition-refused',
          id: transition.id,
          state: operation.state,
          why: `its turn has not come: ${ahead} goes before it`,
        });
      const { to, at, steps = [], rows = [], removals = [] } = transition;
      const moved = afterTransition(operation, transition);
      this.keep(moved);
      if (to === 'queued' || to === 'running') this.join(operation, operation.id);
      else if (to !== 'awaiting-approval') this.leave(operation, operation.id);
      for (const { record } of steps)
        if (record.state === 'done') this.written.set(`${operation.id} ${stepSubject(record)}`, at);
      if (transition.remindAt !== undefined) this.reminders.set(operation.id, transition.remindAt);
      for (const removal of removals)
        this.removed.set(`${removal.dc}/${removal.cluster}/${removal.service}/${removal.host}`, removal);
      this.putRows(rows);
      return ok(copy(moved));
    });
  }

  async vote(id: string, vote: Vote, now: number, begin?: Transition): ReturnType<Store['vote']> {
    const revision = this.revision();
    const voted = await this.count(id, vote, now);
    if (begin === undefined || !voted.ok || voted.value.kind !== 'counted') return voted;
    return ok({ ...voted.value, begun: await this.move({ ...begin, ifVote: vote.person }, revision) });
  }

  private count(id: string, vote: Vote, now: number): Promise<Result<VoteOutcome>> {
    return this.answer((): Result<VoteOutcome> => {
      const suspension = this.suspended.get(vote.person);
      if (suspension !== undefined) return ok({ kind: 'suspended', suspension: copy(suspension) });
      const operation = this.operations.get(id);
      if (operation === undefined) return ok({ kind: 'unknown' });
      if (operation.state !== 'awaiting-approval') return ok({ kind: 'not-waiting', state: operation.state });
      if (now >= operation.expiresAt) return ok({ kind: 'expired', at: operation.expiresAt });
      if (vote.planHash !== operation.planHash) return ok({ kind: 'plan-differs' });
      if (vote.verdict === 'approve' && vote.person === operation.request.person)
        return ok({ kind: 'own', missing: missingApprovals(operation) });
      if (vote.verdict === 'approve' && operation.votes.some(({ person }) => person === vote.person))
        return ok({ kind: 'already', missing: missingApprovals(operation) });
      const others = operation.votes.filter(({ person }) => person !== vote.person);
      const missing = missingApprovals({ ...operation, votes: [...others, vote] });
      const after = afterVote(operation, vote, { missing, at: now });
      this.keep(after);
      if (after.state === 'queued') this.join(operation, id);
      const before = after.state === 'queued' ? this.before(after) : [];
      return ok({ kind: 'counted', missing, before, operation: copy(after) });
    });
  }

  withdraw(id: string, person: string): ReturnType<Store['withdraw']> {
    return this.answer<Withdrawn>(() => {
      const operation = this.operations.get(id);
      if (operation === undefined) return ok('none' as const);
      if (operation.state !== 'awaiting-approval')
        return ok({ kind: 'not-waiting' as const, state: operation.state });
      if (!operation.votes.some((vote) => vote.person === person)) return ok('none' as const);
      this.keep({ ...operation, votes: operation.votes.filter((vote) => vote.person !== person) });
      return ok('withdrawn' as const);
    });
  }

  turn(id: string, most: number): ReturnType<Store['turn']> {
    return this.answer(() => {
      const operation = this.operations.get(id);
      if (operation === undefined) return ok(undefined);
      const lines = linesOf(operation.request).map((service) => this.lines.get(service) ?? []);
      const isFirst = lines.every(([first]) => first === id);
      const behind = isFirst && lines.length === 1 ? (lines[0] ?? []).slice(1, 1 + most) : [];
      return ok({ operation: copy(operation), isFirst, behind });
    });
  }

  headOfLine(service: string): ReturnType<Store['headOfLine']> {
    return this.answer(() => ok(this.lines.get(service)?.[0]));
  }

  operationOfEvent(eventKey: string): ReturnType<Store['operationOfEvent']> {
    return this.answer(() => ok(this.events.get(eventKey)));
  }

  cardOf(id: string, { transport, channel }: Place): ReturnType<Store['cardOf']> {
    return this.answer(() => ok(this.cards.get(`${id} ${transport} ${channel}`)));
  }

  setCard(id: string, { transport, channel }: Place, messageId: string): ReturnType<Store['setCard']> {
    return this.answer(() => {
      this.cards.set(`${id} ${transport} ${channel}`, messageId);
      this.views.set(messageId, id);
      return ok(undefined);
    });
  }

  takeIn(eventKey: string, event: string): ReturnType<Store['takeIn']> {
    return this.answer(() => {
      if (this.takenIn.has(eventKey)) return ok(false);
      this.takenIn.add(eventKey);
      this.inbox.set(eventKey, event);
      return ok(true);
    });
  }

  handled(eventKey: string): ReturnType<Store['handled']> {
    return this.answer(() => {
      this.inbox.delete(eventKey);
      return ok(undefined);
    });
  }

  unhandled(): ReturnType<Store['unhandled']> {
    return this.answer(() => ok([...this.inbox].map(([eventKey, event]) => ({ eventKey, event }))));
  }

  operationShownBy(viewId: string): ReturnType<Store['operationShownBy']> {
    return this.answer(() => ok(this.views.get(viewId)));
  }

  standing({ writtenSince, removedSince, pools }: StandingQuestion): ReturnType<Store['standing']> {
    return this.answer(() =>
      ok({
        mark: this.mark(),
        freeze: this.frozen,
        locks: this.sortedLocks(),
        suspensions: [...this.suspended.values()],
        logDownSince: this.logDown,
        written: [...this.written.values()].filter((at) => at >= writtenSince).length,
        removals: pools.map((pool) =>
          [...this.removed.values()].filter(
            ({ dc, cluster, service, at }) =>
              dc === pool.dc && cluster === pool.cluster && service === pool.service && at >= removedSince,
          ),
        ),
      }),
    );
  }

  async snapshot(question: StandingQuestion): ReturnType<Store['snapshot']> {
    const revision = this.revision();
    const [standing, open] = await Promise.all([this.standing(question), this.open()]);
    if (!standing.ok) return standing;
    if (!open.ok) return open;
    return ok(
      revision === this.revision() ? { revision, standing: standing.value, open: open.value } : undefined,
    );
  }

  locks(): ReturnType<Store['locks']> {
    return this.answer(() => ok(this.sortedLocks()));
  }

  setLock(service: string, lock: Lock | undefined): ReturnType<Store['setLock']> {
    return this.answer(() => {
      this.brakesMoved += 1;
      if (lock === undefined) this.locked.delete(service);
      else this.locked.set(service, copy(lock));
      return ok(undefined);
    });
  }

  suspensions(): ReturnType<Store['suspensions']> {
    return this.answer(() => ok([...this.suspended.values()]));
  }

  setSuspension(person: string, suspension: Suspension | undefined): ReturnType<Store['setSuspension']> {
    return this.answer(() => {
      this.brakesMoved += 1;
      if (suspension === undefined) this.suspended.delete(person);
      else this.suspended.set(person, copy(suspension));
      return ok(undefined);
    });
  }

  unreviewed(): ReturnType<Store['unreviewed']> {
    return this.answer(() => ok([...this.broken]));
  }

  review(id: string, rows: readonly OutboxRow[]): ReturnType<Store['review']> {
    return this.answer(() => {
      const at = this.broken.indexOf(id);
      if (at === -1) return ok(false);
      this.broken.splice(at, 1);
      this.putRows(rows);
      return ok(true);
    });
  }

  dueReminders(now: number): ReturnType<Store['dueReminders']> {
    return this.answer(() => {
      const due = [...this.reminders].filter(([, at]) => at <= now).sort(([, a], [, b]) => a - b);
      return ok(due.map(([id]) => id));
    });
  }

  setReminder(
    id: string,
    at: number | undefined,
    rows: readonly OutboxRow[],
  ): ReturnType<Store['setReminder']> {
    return this.answer(() => {
      if (at === undefined) this.reminders.delete(id);
      else this.reminders.set(id, at);
      this.putRows(rows);
      return ok(undefined);
    });
  }

  addChanges(changes: readonly SeenChange[]): ReturnType<Store['addChanges']> {
    return this.answer(() => {
      for (const change of changes) this.seenChanges.set(JSON.stringify(change), copy(change));
      return ok(undefined);
    });
  }

  changes(since: number): ReturnType<Store['changes']> {
    return this.answer(() =>
      ok(
        [...this.seenChanges.values()]
          .filter(({ at }) => at >= since)
          .sort((a, b) => b.modifiedIndex - a.modifiedIndex),
      ),
    );
  }

  freeze(): ReturnType<Store['freeze']> {
    return this.answer(() => ok(this.frozen));
  }

  setFreeze(freeze: Freeze | undefined, rows: readonly OutboxRow[]): ReturnType<Store['setFreeze']> {
    return this.answer(() => {
      this.brakesMoved += 1;
      this.frozen = freeze;
      this.putRows(rows);
      return ok(undefined);
    });
  }

  addRows(rows: readonly OutboxRow[]): ReturnType<Store['addRows']> {
    return this.answer(() => {
      this.putRows(rows);
      return ok(undefined);
    });
  }

  unsentRows(most: number): ReturnType<Store['unsentRows']> {
    return this.answer(() =>
      ok(
        copy(
          [...this.rows.values()]
            .filter(({ state }) => state === 'pending' || state === 'sent')
            .slice(0, most),
        ),
      ),
    );
  }

  salRows(most: number): ReturnType<Store['salRows']> {
    return this.answer(() =>
      ok(
        copy(
          [...this.rows.values()]
            .filter(({ kind }) => kind === 'sal')
            .reverse()
            .slice(0, most),
        ),
      ),
    );
  }

  logDownSince(): ReturnType<Store['logDownSince']> {
    return this.answer(() => ok(this.logDown));
  }

  setLogDown(since: number | undefined): ReturnType<Store['setLogDown']> {
    return this.answer(() => {
      this.brakesMoved += 1;
      this.logDown = since;
      return ok(undefined);
    });
  }

  touch(id: string, at: number): ReturnType<Store['touch']> {
    return this.answer(() => {
      const operation = this.operations.get(id);
      if (operation?.state === 'running') this.operations.set(id, { ...operation, touchedAt: at });
      return ok(undefined);
    });
  }

  markRow(key: string, mark: Parameters<Store['markRow']>[1]): ReturnType<Store['markRow']> {
    return this.answer(() => {
      const row = this.rows.get(key);
      if (row !== undefined && ROW_PREDECESSORS[mark.state].includes(row.state))
        this.rows.set(key, {
          ...row,
          state: mark.state,
          sentAt: mark.sentAt ?? row.sentAt,
          note: mark.note ?? row.note,
        });
      return ok(undefined);
    });
  }

  ping(): ReturnType<Store['ping']> {
    return this.answer(() => ok(undefined));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Everything that a verdict may depend on. */
  private revision(): string {
    const { operations, removed, written, locked, suspended, frozen, logDown } = this;
    const held = [operations, removed, written, locked, suspended].map((map) => [...map]);
    return JSON.stringify([held, frozen, logDown, this.mark()]);
  }

  /** Another one after each change of a brake. */
  private mark(): string {
    return String(this.brakesMoved);
  }

  private sortedLocks(): readonly Lock[] {
    return [...this.locked.values()].sort((a, b) => (a.service < b.service ? -1 : 1));
  }

  private answer<T>(act: () => Result<T>): Promise<Result<T>> {
    return Promise.resolve(this.outage === undefined ? act() : fail(this.outage));
  }

  private keep(operation: Operation): void {
    this.operations.set(operation.id, copy(operation));
    this.lastKnown.set(operation.id, copy(operation));
    if (operation.viewId !== undefined) this.views.set(operation.viewId, operation.id);
  }

  private sorted(): Operation[] {
    return [...this.operations.values()].sort((a, b) => a.createdAt - b.createdAt);
  }

  private join({ request }: Operation, id: string): void {
    for (const service of linesOf(request)) {
      const line = this.lines.get(service) ?? [];
      if (!line.includes(id)) line.push(id);
      this.lines.set(service, line);
    }
  }

  /** Those whose turn it is in its lines. */
  private before({ request, id }: Operation): readonly string[] {
    return linesOf(request)
      .map((service) => this.lines.get(service)?.[0] ?? '')
      .filter((head) => head !== id);
  }

  private leave({ request }: Operation, id: string): void {
    for (const service of linesOf(request))
      this.lines.set(
        service,
        (this.lines.get(service) ?? []).filter((one) => one !== id),
      );
  }

  private putRows(rows: readonly OutboxRow[]): void {
    for (const row of rows) {
      if (!this.rows.has(row.key))
        this.rows.set(row.key, { ...row, state: 'pending', sentAt: undefined, note: undefined });
    }
  }
}

function refusal(operation: Operation, { from, to, epoch, steps = [] }: Transition): string | undefined {
  const { state } = operation;
  const allowed = state === to ? !isFinal(state) : OPERATION_TRANSITIONS[state].includes(to);
  if (!from.includes(state) || !allowed) return `it cannot become ${to} from there`;
  if (epoch !== undefined && epoch !== operation.epoch) return 'another worker has it';
  const wrong = steps.find(({ from: states, record }) => {
    const now = operation.steps.find(({ index }) => index === record.index)?.state;
    return now === undefined || !states.includes(now) || !STEP_TRANSITIONS[now].includes(record.state);
  });
  return wrong === undefined
    ? undefined
    : `step ${String(wrong.record.index)} cannot become ${wrong.record.state}`;
}

/** As Redis would give it back: nothing shared with what was stored. */
function copy<T>(value: T): T {
  return structuredClone(value);
}
