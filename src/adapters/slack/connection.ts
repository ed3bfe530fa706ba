import type { Logger } from '@slack/bolt';
import bolt from '@slack/bolt';
import { z } from 'zod';
import { readThrown } from '../../core/thrown.ts';
import type { Log } from '../../observe/log.ts';
import type { ChatState } from '../../ports/chat.ts';
import type { SlackApi } from './api.ts';
import { clientOptions, readFault, refusalText } from './api.ts';
import type { Deliver } from './delivery.ts';
import { wireDeliveries } from './delivery.ts';
import { boltLogger } from './logger.ts';
import type { SlackOptions } from './options.ts';
import type { SlackSocket } from './socket.ts';
import { openSocket } from './socket.ts';

/** Who we are on Slack. */
export interface Self {
  readonly botUserId: string;
  readonly botId: string;
  readonly teamId: string;
  readonly name: string;
}

const Tested = z.object({
  user_id: z.string(),
  bot_id: z.string(),
  team_id: z.string(),
  user: z.string(),
});

/** Between two looks whether Slack still takes our token, where no socket tells. */
const LOOK_EVERY_MS = 30_000;

/**
 * Keeps the way in open, for ever: one socket after the other, or a server for what Slack posts. A routine end is followed by the next socket at once,
 * trouble by waits that double.
 */
export class Connection {
  self: Self | undefined;
  private readonly options: SlackOptions;
  private readonly api: SlackApi;
  private readonly log: Log;
  private readonly logger: Logger;
  private readonly on: {
    readonly deliver: Deliver;
    readonly forget: (userId: string) => void;
    readonly state: (state: ChatState) => void;
  };
  private socket: SlackSocket | undefined;
  private server: InstanceType<typeof bolt.HTTPReceiver> | undefined;
  private closing = false;
  private openedAt: number | undefined;
  private wake: (() => void) | undefined;

  constructor(
    options: SlackOptions,
    { api, log, on }: { readonly api: SlackApi; readonly log: Log; readonly on: Connection['on'] },
  ) {
    this.options = options;
    this.api = api;
    this.log = log;
    this.logger = boltLogger(log);
    this.on = on;
  }

  /** Returns when it was closed. */
  async run(): Promise<void> {
    let failures = 0;
    while (!this.isClosing()) {
      this.openedAt = undefined;
      try {
        await this.once();
      } catch (error) {
        this.tellTrouble(error);
      }
      if (this.isClosing()) return;
      const { backoffFirstMs, backoffMostMs } = this.options.bounds;
      failures = this.livedMs() > backoffFirstMs ? 0 : failures + 1;
      if (failures === 0) continue;
      this.on.state('down');
      const wait = Math.min(backoffMostMs, backoffFirstMs * 2 ** Math.min(20, failures - 1));
      await this.pause(wait * (1 + Math.random() / 4));
    }
  }

  async close(): Promise<void> {
    this.closing = true;
    this.wake?.();
    this.socket?.close();
    await this.server?.stop().catch(() => undefined);
    this.on.state('down');
  }

  /** From the token to the end of the way in. @throws when it does not open. */
  private async once(): Promise<void> {
    this.self ??= await this.whoAmI();
    await (this.options.mode.kind === 'socket'
      ? this.bySocket(this.options.mode)
      : this.byServer(this.options.mode));
  }

  private async whoAmI(): Promise<Self> {
    this.on.state('connecting');
    const answer = await this.api.call('auth.test', {}, Tested);
    if (!answer.ok) {
      const { fault } = answer;
      if (fault.kind === 'refused') throw new Error(refusalText(fault.error, fault.needed));
      throw new Error(fault.kind === 'limited' ? 'Slack is busy' : fault.cause);
    }
    const { user_id, bot_id, team_id, user } = answer.value;
    return { botUserId: user_id, botId: bot_id, teamId: team_id, name: user };
  }

  private async bySocket({ appToken }: { readonly appToken: string }): Promise<void> {
    const { apiUrl, bounds } = this.options;
    const before = this.socket;
    const socket = openSocket({
      appToken,
      clientOptions: clientOptions({ apiUrl, callMs: bounds.callMs }, this.logger),
      logger: this.logger,
      helloWithinMs: bounds.helloWithinMs,
      wire: (receiver) => {
        this.wire(receiver);
      },
      onConnections: (count) => {
        const ours = before === undefined ? 1 : 2;
        if (count > ours)
          this.log.warn({ count }, 'slack: somebody else holds our app token: events go to either');
      },
    });
    try {
      await socket.opened;
    } catch (error) {
      socket.close();
      throw error;
    }
    this.socket = socket;
    this.isOpen();
    if (this.isClosing()) socket.close();
    await socket.ended;
  }

  private async byServer(mode: {
    readonly signingSecret: string;
    readonly host: string;
    readonly port: number;
  }): Promise<void> {
    if (this.server === undefined) {
      const server = new bolt.HTTPReceiver({
        signingSecret: mode.signingSecret,
        logger: this.logger,
        endpoints: '/slack/events',
      });
      this.wire(server);
      await server.start({ host: mode.host, port: mode.port });
      this.server = server;
    }
    this.isOpen();
    while (!this.isClosing()) {
      await this.pause(LOOK_EVERY_MS);
      if (!this.isClosing()) await this.whoIsStillThere();
    }
  }

  /** @throws when Slack no longer takes the token. */
  private async whoIsStillThere(): Promise<void> {
    const answer = await this.api.call('auth.test', {}, Tested);
    if (answer.ok || (answer.fault.kind === 'refused' && !answer.fault.isAuth)) return;
    if (answer.fault.kind !== 'limited')
      throw new Error(answer.fault.kind === 'refused' ? refusalText(answer.fault.error) : answer.fault.cause);
  }

  private wire(receiver: Parameters<typeof wireDeliveries>[0]): void {
    const { botToken } = this.options;
    wireDeliveries(receiver, {
      logger: this.logger,
      self: () => ({ botToken, botId: this.self?.botId ?? '', botUserId: this.self?.botUserId ?? '' }),
      deliver: this.on.deliver,
      forget: this.on.forget,
    });
  }

  /** How long the way in was open, since it was last tried. */
  private livedMs(): number {
    return this.openedAt === undefined ? 0 : this.options.now() - this.openedAt;
  }

  private isOpen(): void {
    this.openedAt = this.options.now();
    this.on.state('ready');
  }

  /** What does not heal by itself must reach whoever reads the log: no chat will say it. */
  private tellTrouble(error: unknown): void {
    const fault = readFault(error);
    if (fault.kind === 'refused' && fault.isAuth)
      this.log.error({ cause: refusalText(fault.error) }, 'slack: refuses us; somebody must look');
    else this.log.warn({ cause: readThrown(error).message }, 'slack: connection');
  }

  private isClosing(): boolean {
    return this.closing;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
