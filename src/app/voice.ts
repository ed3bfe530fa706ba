import type { Lease } from '../ports/lease.ts';
import type { Log } from '../observe/log.ts';

/** Whether this process may speak for Sluice: one does, whoever hears and whoever writes. */
export interface Voice {
  speaks(): boolean;
  /** For marks in the journal: those of a process that has lost the voice count no more. Undefined when there is nobody to share it with. */
  epoch(): number | undefined;
}

/** For a process that nobody shares the journal with. */
export const ONLY_VOICE: Voice = { speaks: () => true, epoch: () => undefined };

/** For one that writes and never speaks. */
export const NO_VOICE: Voice = { speaks: () => false, epoch: () => undefined };

/** How long the voice is kept, and how early it is given up. Milliseconds. */
interface VoiceBounds {
  /** After this long without a sign of the holder somebody else speaks. */
  readonly leaseMs: number;
  /** How often it is renewed. */
  readonly renewMs: number;
  /** Before its end whoever cannot renew it falls silent, and has time to leave. */
  readonly marginMs: number;
}

/** What a shared voice is made of. */
export interface SharedVoiceParts {
  readonly lease: Lease;
  /** Names this process, the same after a restart: what it held is its own at once. */
  readonly who: string;
  readonly bounds: VoiceBounds;
  /** A clock that nobody sets, in milliseconds. */
  readonly monotonic: () => number;
  readonly log: Log;
  /**
   * Whether it may speak while it never heard of anybody else and the lease cannot be asked: a Sluice of one process does, for reading must work when the
   * journal is away.
   */
  readonly aloneAtFirst: boolean;
}

/**
 * The voice among several processes: a lease, renewed. Whoever cannot renew it falls silent before it ends, unless nobody else was there to take it: then
 * silence would help nobody, and the journal's being away can still be said.
 */
export class SharedVoice implements Voice {
  private readonly parts: SharedVoiceParts;
  private claimedAt = -Infinity;
  private validUntil = -Infinity;
  private held: number | undefined;
  private isAlone: boolean;
  private other: string | undefined;
  private asking: Promise<void> | undefined;
  private isNew = true;
  /** Whether it was asked for, with whatever outcome: before that nobody knows who else is there. */
  private wasAsked = false;
  private told: { readonly speaks: boolean; readonly holder: string | undefined } | undefined;
  private isClosed = false;
  private onChange: ((speaks: boolean, holder: string | undefined) => void) | undefined;

  constructor(parts: SharedVoiceParts) {
    this.parts = parts;
    this.isAlone = parts.aloneAtFirst;
  }

  speaks(): boolean {
    if (this.isClosed || !this.wasAsked) return false;
    return this.parts.monotonic() < this.validUntil || (this.isAlone && this.other === undefined);
  }

  epoch(): number | undefined {
    return this.held;
  }

  /** Who else has it; undefined when it is ours, or nobody knows. */
  holder(): string | undefined {
    return this.other;
  }

  /** Told of what is known first, and then of each change: whether it speaks, and who else does. */
  follow(onChange: (speaks: boolean, holder: string | undefined) => void): void {
    this.onChange = onChange;
  }

  /** To be called a few times a second: renews what is held, asks for what is not, and notices when it is over. */
  async tick(): Promise<void> {
    const { monotonic, bounds } = this.parts;
    const isDue = monotonic() - this.claimedAt >= bounds.renewMs || this.other !== undefined;
    if (isDue && !this.isClosed) this.asking ??= this.claim().finally(() => (this.asking = undefined));
    this.tell();
    await this.asking;
    this.tell();
  }

  /** Gives it back at once. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.tell();
    await this.asking;
    await this.parts.lease.release(this.parts.who);
  }

  private async claim(): Promise<void> {
    const { lease, who, bounds, monotonic } = this.parts;
    // Counted from before the question: the lease began later than that, so it ends later.
    const from = monotonic();
    this.claimedAt = from;
    const claim = await lease.claim(who, { forMs: bounds.leaseMs, isNew: this.isNew });
    this.wasAsked = true;
    if (!claim.ok) return;
    if (claim.value.kind === 'other') {
      this.other = claim.value.holder;
      this.isAlone = false;
      this.validUntil = -Infinity;
      return;
    }
    this.isNew = false;
    this.other = undefined;
    this.isAlone = claim.value.others === 0;
    this.held = claim.value.epoch;
    this.validUntil = from + bounds.leaseMs - bounds.marginMs;
  }

  private tell(): void {
    if (!this.wasAsked) return;
    const [speaks, holder] = [this.speaks(), this.other];
    if (speaks === this.told?.speaks && holder === this.told.holder) return;
    this.told = { speaks, holder };
    this.parts.log.info({ speaks, epoch: this.held, holder }, 'voice');
    this.onChange?.(speaks, holder);
  }
}
