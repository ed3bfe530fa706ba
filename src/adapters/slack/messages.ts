import { z } from 'zod';
import { visibleText } from '../../core/characters.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Sent } from '../../ports/chat.ts';
import type { ApiFault, SlackApi } from './api.ts';
import { refusalText } from './api.ts';
import type { Block } from './blocks.ts';
import { escapeSlack } from './text.ts';

/** What is said. */
export interface Message {
  readonly channel: string;
  /** Names it for ever: by it a message is found again whose answer was lost. */
  readonly key: string;
  /** The whole sentence, plain. */
  readonly line: string;
  readonly blocks?: readonly Block[];
  /** Said below this message. */
  readonly thread?: string;
}

/** Settled, or to be tried again after so many milliseconds. */
export type Outcome = { readonly settled: Result<Sent> } | { readonly againInMs: number };

const Posted = z.object({ ts: z.string() });
const History = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      metadata: z.object({ event_payload: z.object({ key: z.string() }) }).optional(),
    }),
  ),
});

const EVENT_TYPE = 'sluice_said';
/** A message that was said not long ago is among these. */
const LOOK_BACK = 100;
/** Slack's clock and ours, and the time that a lost answer took. */
const LOOK_BACK_S = 3600;
const GONE = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed']);

/** Says, edits, and finds again. It tries once; what is tried again is decided by the caller. */
export class Messages {
  private readonly api: SlackApi;
  private readonly now: () => number;
  /** Keys of which nobody knows whether they were said. */
  private readonly unclear = new Set<string>();

  constructor(api: SlackApi, now: () => number) {
    this.api = api;
    this.now = now;
  }

  /** Says it, unless it was said: a message whose answer was lost is looked for first. @param look look for it in any case. */
  async post(
    message: Message,
    options: { readonly look: boolean; readonly againInMs: number },
  ): Promise<Outcome> {
    const { channel, key, thread } = message;
    if (options.look || this.unclear.has(key)) {
      const found = await this.find(message);
      if (!found.ok) return this.outcome(found.fault, channel, options);
      this.unclear.delete(key);
      if (found.value !== undefined) return settled(channel, found.value);
    }
    const answer = await this.api.call(
      'chat.postMessage',
      {
        ...body(message),
        metadata: { event_type: EVENT_TYPE, event_payload: { key } },
        ...(thread === undefined ? {} : { thread_ts: thread }),
      },
      Posted,
    );
    if (answer.ok) return settled(channel, answer.value.ts);
    if (answer.fault.kind === 'unclear') this.unclear.add(key);
    return this.outcome(answer.fault, channel, options);
  }

  /** @returns `gone` when the message is not there any more, or not ours. */
  async edit(
    ts: string,
    message: Message,
    options: { readonly againInMs: number },
  ): Promise<Outcome | 'gone'> {
    const { channel } = message;
    const answer = await this.api.call('chat.update', { ...body(message), ts }, Posted);
    if (answer.ok) return settled(channel, ts);
    if (answer.fault.kind === 'refused' && GONE.has(answer.fault.error)) return 'gone';
    return this.outcome(answer.fault, channel, options);
  }

  /** One line to one person; tried once, for their conversation is not ours to search. */
  async tell(userId: string, line: string): Promise<Result<void>> {
    const answer = await this.api.call('chat.postMessage', body({ channel: userId, line }), Posted);
    if (answer.ok) return ok(undefined);
    const { fault } = answer;
    const cause = fault.kind === 'refused' ? refusalText(fault.error, fault.needed) : 'no answer';
    return fail({ kind: 'chat-refused', transport: 'slack', channel: userId, cause });
  }

  private async find({ channel, key, thread }: Message) {
    const oldest = String(this.now() / 1000 - LOOK_BACK_S);
    const common = { channel, include_all_metadata: true, limit: LOOK_BACK, oldest };
    const answer =
      thread === undefined
        ? await this.api.call('conversations.history', common, History)
        : await this.api.call('conversations.replies', { ...common, ts: thread }, History);
    if (!answer.ok) return answer;
    const found = answer.value.messages.find(({ metadata }) => metadata?.event_payload.key === key);
    return { ok: true as const, value: found?.ts };
  }

  private outcome(fault: ApiFault, channel: string, { againInMs }: { readonly againInMs: number }): Outcome {
    switch (fault.kind) {
      case 'limited':
        return { againInMs: fault.afterMs };
      case 'unclear':
        return { againInMs };
      case 'refused': {
        const cause = refusalText(fault.error, fault.needed);
        return fault.isAuth
          ? { settled: fail({ kind: 'chat-down', transport: 'slack', cause }) }
          : { settled: fail({ kind: 'chat-refused', transport: 'slack', channel, cause }) };
      }
    }
  }
}

function body({ channel, line, blocks }: Omit<Message, 'key' | 'thread'>): Readonly<Record<string, unknown>> {
  return {
    channel,
    text: escapeSlack(visibleText(line)),
    ...(blocks === undefined ? {} : { blocks }),
    parse: 'none',
    unfurl_links: false,
    unfurl_media: false,
  };
}

function settled(channel: string, ts: string): Outcome {
  return { settled: ok({ proof: 'echo', ref: { transport: 'slack', channel, id: ts } }) };
}
