import type { Card } from '../../core/card.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Sent, Urgency } from '../../ports/chat.ts';
import type { SlackApi } from './api.ts';
import { blocksOf } from './blocks.ts';
import { Lane } from './lane.ts';
import type { Message, Outcome } from './messages.ts';
import { Messages } from './messages.ts';
import type { SlackBounds } from './options.ts';

/** A card to be shown. */
export interface Shown {
  readonly key: string;
  readonly urgency: Urgency;
  readonly line: string;
  readonly card: Card;
  /** The message to edit; undefined for a new one. */
  readonly ts: string | undefined;
  readonly thread: boolean;
}

/** Everything that goes out: one lane a channel. */
export class Outbound {
  private readonly bounds: SlackBounds;
  private readonly now: () => number;
  private readonly messages: Messages;
  private readonly lanes = new Map<string, Lane>();
  private readonly since: number;

  constructor(api: SlackApi, { bounds, now }: { readonly bounds: SlackBounds; readonly now: () => number }) {
    this.bounds = bounds;
    this.now = now;
    this.messages = new Messages(api, now);
    this.since = now();
  }

  /** One line. */
  say(message: Message): Promise<Result<Sent>> {
    return this.settle(message.channel, { about: undefined, passing: false }, () => this.post(message));
  }

  /** One line to one person. */
  tell(userId: string, line: string): Promise<Result<void>> {
    return this.messages.tell(userId, line);
  }

  /** A card, new or edited in place; below it the line, for those who follow. */
  async show(channel: string, shown: Shown): Promise<Result<Sent>> {
    const { key, line, card, ts, urgency, thread } = shown;
    const message = { channel, key, line, blocks: blocksOf(card) };
    const job = { about: card.id, passing: urgency === 'progress' };
    const sent = await this.settle(channel, job, async () => {
      const edited = ts === undefined ? 'gone' : await this.messages.edit(ts, message, this.again());
      return edited === 'gone' ? this.post(message) : edited;
    });
    const top = sent.ok ? sent.value.ref?.id : undefined;
    if (!thread || top === undefined) return sent;
    const below = await this.say({ channel, key: `${key}:thread`, line, thread: top });
    // The card has it; what is below it is for comfort, but what Slack did not answer is said again.
    return !below.ok && below.fault.kind === 'chat-down' ? below : sent;
  }

  /** Nothing more is begun; what waits was certainly not said. */
  close(): void {
    for (const lane of this.lanes.values()) for (const job of lane.clear()) job.pass();
  }

  private post(message: Message): Promise<Outcome> {
    const isYoung = this.now() - this.since < this.bounds.lookFirstMs;
    return this.messages.post(message, { look: isYoung, ...this.again() });
  }

  private again(): { readonly againInMs: number } {
    return { againInMs: this.bounds.betweenTriesMs };
  }

  /** Tries until it is settled, at most `tries` times without an answer. */
  private settle(
    channel: string,
    job: { readonly about: string | undefined; readonly passing: boolean },
    attempt: () => Promise<Outcome>,
  ): Promise<Result<Sent>> {
    return new Promise((resolve) => {
      let left = this.bounds.tries;
      this.laneOf(channel).push({
        ...job,
        run: async () => {
          const outcome = await attempt();
          if ('settled' in outcome) {
            resolve(outcome.settled);
            return undefined;
          }
          left -= 1;
          if (left > 0) return outcome.againInMs;
          resolve(fail({ kind: 'chat-down', transport: 'slack', cause: 'no answer to what was said' }));
          return undefined;
        },
        pass: () => {
          resolve(
            job.passing
              ? ok({ proof: 'taken', ref: undefined })
              : fail({ kind: 'chat-down', transport: 'slack', cause: 'closed' }),
          );
        },
      });
    });
  }

  private laneOf(channel: string): Lane {
    const lane = this.lanes.get(channel) ?? new Lane({ editEveryMs: this.bounds.editEveryMs, now: this.now });
    this.lanes.set(channel, lane);
    return lane;
  }
}
