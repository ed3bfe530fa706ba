import type { Logger } from '@slack/bolt';
import bolt from '@slack/bolt';
import { z } from 'zod';
import type { webApi } from '@slack/bolt';

/** One socket of Socket Mode, from opening to its end. */
export interface SlackSocket {
  /** Resolves at Slack's hello. @throws when it does not come: wrong token, no network, too late. */
  readonly opened: Promise<void>;
  /** Resolves when the socket is gone. */
  readonly ended: Promise<void>;
  readonly receiver: InstanceType<typeof bolt.SocketModeReceiver>;
  /** Lets go of it. */
  close(): void;
}

const Hello = z.object({ type: z.literal('hello'), num_connections: z.number() });
const Goodbye = z.object({ type: z.literal('disconnect') });

/**
 * Opens a socket that is used once and never reconnects by itself: the library waits five seconds for that, and an error on the way ends the process.
 *
 * @param onConnections how many sockets Slack counts for our app token, this one with them.
 */
export function openSocket(options: {
  readonly appToken: string;
  /** Made for this socket alone: the library writes into it. */
  readonly clientOptions: webApi.WebClientOptions;
  readonly logger: Logger;
  readonly helloWithinMs: number;
  /** Called with the receiver before it starts. */
  readonly wire: (receiver: InstanceType<typeof bolt.SocketModeReceiver>) => void;
  readonly onConnections: (count: number) => void;
}): SlackSocket {
  const { appToken, logger, helloWithinMs, wire, onConnections } = options;
  const receiver = new bolt.SocketModeReceiver({
    appToken,
    logger,
    autoReconnectEnabled: false,
    installerOptions: { clientOptions: options.clientOptions },
  });
  wire(receiver);
  const { client } = receiver;
  const ended = new Promise<void>((resolve) => {
    client.on('disconnected', () => {
      resolve();
    });
    client.on('ws_message', (data: unknown) => {
      const message = read(data);
      const hello = Hello.safeParse(message);
      if (hello.success) onConnections(hello.data.num_connections);
      // Slack gives notice: the next socket need not wait until this one has said goodbye.
      if (Goodbye.safeParse(message).success) resolve();
    });
  });
  const opened = within(
    helloWithinMs,
    receiver.start().then(() => undefined),
  );
  return {
    opened,
    ended,
    receiver,
    close: () => {
      client.disconnect().catch(() => undefined);
    },
  };
}

function read(data: unknown): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined;
  } catch {
    return undefined;
  }
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no hello in ${String(ms)} ms`));
    }, ms);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        // Disconnected before the hello, it rejects with nothing.
        reject(error instanceof Error ? error : new Error('closed before the hello'));
      },
    );
  });
}
