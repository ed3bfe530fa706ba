/** Something to be said in one channel. */
export interface Job {
  /** What is edited: a newer job about it takes the place of one that waits and may be passed over. */
  readonly about: string | undefined;
  /** Mere progress: passed over when something newer of the same waits. */
  readonly passing: boolean;
  /** @returns how long the channel must wait before this is tried again, in milliseconds; undefined when it is settled. */
  readonly run: () => Promise<number | undefined>;
  /** Called in place of `run` when something newer took its place. */
  readonly pass: () => void;
}

/**
 * Says things in one channel, one after the other. When Slack wants us to wait, this channel waits and no other; the card of an operation is edited for
 * progress no oftener than every `editEveryMs`, and always shows the last state.
 */
export class Lane {
  private readonly editEveryMs: number;
  private readonly now: () => number;
  private readonly edited = new Map<string, number>();
  private jobs: readonly Job[] = [];
  private isRunning = false;
  private timer: NodeJS.Timeout | undefined;
  private waitUntil = 0;

  constructor({ editEveryMs, now }: { readonly editEveryMs: number; readonly now: () => number }) {
    this.editEveryMs = editEveryMs;
    this.now = now;
  }

  push(job: Job): void {
    const isOvertaken = (one: Job): boolean =>
      one.passing && one.about !== undefined && one.about === job.about;
    const overtaken = this.jobs.filter(isOvertaken);
    this.jobs = [...this.jobs.filter((one) => !isOvertaken(one)), job];
    for (const one of overtaken) one.pass();
    this.pump();
  }

  /** Takes out everything that has not begun. */
  clear(): readonly Job[] {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { jobs } = this;
    this.jobs = [];
    return jobs;
  }

  private pump(): void {
    if (this.isRunning || this.jobs.length === 0) return;
    clearTimeout(this.timer);
    const now = this.now();
    const waits = this.jobs.map((job) => Math.max(this.waitUntil, this.earliest(job)) - now);
    const next = waits.findIndex((wait) => wait <= 0);
    const job = this.jobs[next];
    if (job === undefined) {
      this.timer = setTimeout(
        () => {
          this.pump();
        },
        Math.max(1, Math.min(...waits)),
      );
      return;
    }
    this.jobs = this.jobs.filter((one) => one !== job);
    this.isRunning = true;
    void this.run(job);
  }

  private async run(job: Job): Promise<void> {
    const waitMs = await job.run();
    if (waitMs === undefined) {
      if (job.about !== undefined) this.edited.set(job.about, this.now());
    } else {
      this.waitUntil = this.now() + waitMs;
      const isOvertaken = job.passing && this.jobs.some(({ about }) => about === job.about);
      if (isOvertaken) job.pass();
      else this.jobs = [job, ...this.jobs];
    }
    this.isRunning = false;
    this.pump();
  }

  private earliest({ about, passing }: Job): number {
    if (!passing || about === undefined) return 0;
    return (this.edited.get(about) ?? 0) + this.editEveryMs;
  }
}
