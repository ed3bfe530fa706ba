import { z } from 'zod';
import type { Card } from '../../core/card.ts';
import type { Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { Log } from '../../observe/log.ts';
import type {
  Actor,
  Chat,
  ChatCapabilities,
  ChatState,
  Inbound,
  SendOptions,
  Sent,
  ShowOptions,
} from '../../ports/chat.ts';
import { SlackApi, clientOptions } from './api.ts';
import { Connection } from './connection.ts';
import { Groups } from './groups.ts';
import { readDelivery } from './inbound.ts';
import { boltLogger } from './logger.ts';
import type { SlackOptions } from './options.ts';
import { Outbound } from './outbound.ts';
import { Users } from './users.ts';

/** A section of a block holds 3000 characters; a line is shorter than that, whatever its characters. */
const ROOM_BYTES = 2800;
const Found = z.object({ channel: z.object({ is_private: z.boolean().optional() }) });

/** One Slack workspace. It connects for ever. */
export function openSlack(options: SlackOptions, log: Log): Chat {
  return new Slack(options, log);
}

class Slack implements Chat {
  readonly transport = 'slack';
  /** Slack is answered before anything is done: what it delivers must be stored first. */
  readonly acknowledges = true;
  readonly channels: readonly string[];
  private readonly api: SlackApi;
  private readonly log: Log;
  private readonly users: Users;
  private readonly groups: Groups;
  private readonly outbound: Outbound;
  private readonly connection: Connection;
  /** Channels that everybody can read; what Slack does not tell of counts as private. */
  private readonly open = new Set<string>();
  private now: ChatState = 'down';
  private hear: ((event: Inbound) => Promise<void>) | undefined;
  private onState: ((state: ChatState) => void) | undefined;

  constructor(options: SlackOptions, log: Log) {
    const { botToken, apiUrl, bounds, now } = options;
    this.log = log;
    this.channels = options.channels;
    this.api = new SlackApi(botToken, clientOptions({ apiUrl, callMs: bounds.callMs }, boltLogger(log)));
    this.users = new Users(this.api, { keepMs: bounds.userMs, now });
    this.groups = new Groups(this.api, options);
    this.outbound = new Outbound(this.api, { bounds, now });
    this.connection = new Connection(options, {
      api: this.api,
      log,
      on: {
        deliver: (body) => {
          this.deliver(body);
        },
        forget: (userId) => {
          this.users.forget(userId);
        },
        state: (state) => {
          this.setState(state);
        },
      },
    });
  }

  start(hear: (event: Inbound) => Promise<void>, onState: (state: ChatState) => void): void {
    this.hear = hear;
    this.onState = onState;
    void this.connection.run();
  }

  state(): ChatState {
    return this.now;
  }

  ownName(): string {
    return this.connection.self?.name ?? 'sluice';
  }

  capabilities(channel: string): ChatCapabilities {
    const isPrivate = !this.open.has(channel);
    return { reactions: true, roomBytes: ROOM_BYTES, edits: true, isPrivate };
  }

  async identify(actor: Actor): Promise<Actor> {
    return this.users.identify(actor, this.connection.self?.teamId ?? '');
  }

  send(channel: string, line: string, { key }: SendOptions): Promise<Result<Sent>> {
    return this.refused(channel) ?? this.outbound.say({ channel, key, line });
  }

  show(channel: string, card: Card, options: ShowOptions): Promise<Result<Sent>> {
    const { ref, ...rest } = options;
    return this.refused(channel) ?? this.outbound.show(channel, { ...rest, card, ts: ref?.id });
  }

  async tell({ account }: Actor, line: string): Promise<Result<void>> {
    if (account === undefined)
      return fail({ kind: 'chat-refused', transport: 'slack', channel: '', cause: 'nobody in particular' });
    return this.outbound.tell(account, line);
  }

  rolesOf(
    account: string,
    options: { readonly fresh: boolean },
  ): Promise<Result<Readonly<Record<string, boolean>>>> {
    return this.groups.rolesOf(account, options);
  }

  async close(): Promise<void> {
    this.outbound.close();
    await this.connection.close();
  }

  private deliver(body: unknown): void {
    const { self } = this.connection;
    if (self === undefined) return;
    const event = readDelivery(body, { botUserId: self.botUserId, channels: this.channels });
    if (event === undefined) return;
    this.hear?.(event).catch((error: unknown) => {
      this.log.error({ event: event.eventKey, cause: String(error) }, 'slack: an event was not heard');
    });
  }

  private setState(state: ChatState): void {
    if (state === this.now) return;
    this.now = state;
    if (state === 'ready') void this.learnChannels();
    this.onState?.(state);
  }

  private async learnChannels(): Promise<void> {
    for (const channel of this.channels) {
      const found = await this.api.call('conversations.info', { channel }, Found);
      if (found.ok && found.value.channel.is_private === false) this.open.add(channel);
      else this.open.delete(channel);
    }
  }

  private refused(channel: string): Promise<Result<Sent>> | undefined {
    if (this.now !== 'ready')
      return Promise.resolve(fail({ kind: 'chat-down', transport: 'slack', cause: this.now }));
    if (!this.channels.includes(channel))
      return Promise.resolve(
        fail({ kind: 'chat-refused', transport: 'slack', channel, cause: 'no configured channel' }),
      );
    return undefined;
  }
}
