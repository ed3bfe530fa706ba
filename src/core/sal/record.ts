import type { Verb } from '../node-plan.ts';

/** How it ended. PASS: done and verified; FAIL: tried, not (fully) done; ERROR: aborted, timed out or lost, state unknown. */
export type SalEnd = 'PASS' | 'FAIL' | 'ERROR';

/** One line of the Server Admin Log, as facts. User text is as typed: composing cleans it. */
export interface SalRecord {
  /** `start` and `end` when more than 10 objects are planned, else one `done`. */
  readonly phase: 'start' | 'end' | 'done';
  /** Undefined for `start`. */
  readonly end: SalEnd | undefined;
  readonly operation: string;
  readonly verb: Verb;
  readonly weight: number | undefined;
  /** Of an undo: what is put back. */
  readonly undoes: { readonly id: string; readonly verb: Verb } | undefined;
  readonly service: string;
  /** Fully qualified, in the order of the plan: what was done, or for `start` what is planned. */
  readonly hosts: readonly string[];
  /** How many hosts were planned: `pool 5/8 ...` when fewer were done. */
  readonly planned: number;
  readonly notDone: readonly string[];
  /** Hosts whose state is not known. */
  readonly unknown: readonly string[];
  /** Of a deployment's number: where, and from which to which, cluster by cluster; then there are no hosts. */
  readonly scale?:
    | {
        readonly clusters: readonly string[];
        readonly namespace: string;
        readonly deployment: string;
        readonly from: readonly number[];
        readonly to: readonly number[];
      }
    | undefined;
  readonly requester: string;
  readonly approvers: readonly string[];
  /** Somebody did not wait for anybody. */
  readonly brokeGlass?: boolean | undefined;
  readonly reason: string;
  readonly durationMs: number | undefined;
  readonly tasks: readonly string[];
}
