import type { Card } from '../core/card.ts';
import type { Result } from '../core/result.ts';

/** A message on a network: opaque, may be stored. */
interface MessageRef {
  readonly transport: string;
  readonly channel: string;
  readonly id: string;
}

/** Who said it, as the network vouches for it. `account` is undefined for people who are not identified. */
export interface Actor {
  readonly transport: string;
  readonly account: string | undefined;
  /** What others see; never evidence of anything. */
  readonly display: string;
  /** Why this account may do nothing, whoever it belongs to: `guest`, `another team`, `bot`, `deleted`; undefined for a member. */
  readonly refused?: string | undefined;
  /** May look and do nothing else: root of the host, who is nobody in particular. */
  readonly readsOnly?: boolean;
}

/** What came in. `eventKey` is the same when the network delivers it again; `at` is the server's time where it says so. */
export type Inbound = {
  readonly eventKey: string;
  readonly at: number;
  /** Replayed history: recorded at most, never run. */
  readonly replay: boolean;
  /** A configured channel; undefined for a private message. */
  readonly channel: string | undefined;
  readonly actor: Actor;
} & (
  | {
      readonly kind: 'text';
      readonly ref: MessageRef | undefined;
      readonly text: string;
      readonly addressed: boolean;
      readonly inReplyTo: string | undefined;
    }
  | {
      readonly kind: 'reaction';
      readonly targetId: string;
      readonly emoji: string;
      /** It was taken back. */
      readonly removed: boolean;
    }
  /** A button of ours was pressed. `value` is the id of the operation. */
  | {
      readonly kind: 'action';
      readonly targetId: string;
      readonly action: 'approve' | 'deny' | 'cancel' | 'undo';
      readonly value: string;
    }
  /** Somebody changed or removed a message of their own: it is never run again. `eventKeyBefore` is that of the message as it was. */
  | { readonly kind: 'edited' | 'deleted'; readonly eventKeyBefore: string }
);

/** What a channel can do right now; it may change at any time (capabilities come and go), so ask when you use it. */
export interface ChatCapabilities {
  /** People can react to our messages and we can tell which message they meant. */
  readonly reactions: boolean;
  /** Bytes of one line that arrive whole in that channel. */
  readonly roomBytes: number;
  /** What we have said can be changed: an operation is one card, edited in place. */
  readonly edits: boolean;
  /** Not everybody can read along. */
  readonly isPrivate?: boolean;
}

export type ChatState = 'down' | 'connecting' | 'ready';

/**
 * What is known of a line that was sent. `echo`: the network gave it back, so the channel has it. `taken`: the network has no echoes, but answered
 * what was sent after the line. `none`: nothing came back, or the connection was lost; it may be there or not.
 */
export interface Sent {
  readonly proof: 'echo' | 'taken' | 'none';
  /** With `echo`, where the network has ids. */
  readonly ref: MessageRef | undefined;
}

/** `log` and `result` lines are never merged or dropped; a newer `progress` line with the same key replaces a waiting older one. */
export type Urgency = 'log' | 'result' | 'progress';

/** How a line is sent. */
export interface SendOptions {
  /** Names the line for ever: by it one is known that was said before. */
  readonly key: string;
  readonly urgency: Urgency;
  /** The event that it answers, where it answers one. */
  readonly answers?: string | undefined;
}

/** How an operation is shown. */
export interface ShowOptions {
  readonly key: string;
  readonly urgency: Urgency;
  /** The whole sentence, for notifications and for those who cannot see the card. */
  readonly line: string;
  /** The message that is edited; undefined for a new one. */
  readonly ref: MessageRef | undefined;
  /** The line is also said below the card, for those who follow it. */
  readonly thread: boolean;
}

/** One chat network. It decides no right and words no sentence: it carries lines, facts about who said them, and pace. */
export interface Chat {
  readonly transport: string;
  /** There can be one of us on it: of several processes only the one that has the voice is there. */
  readonly oneVoice?: boolean;
  /** The network is told that we have an event before anything is done with it: it must be stored first. */
  readonly acknowledges?: boolean;
  /** What others see of us now: our nick. */
  ownName(): string;
  /** The configured channels. */
  readonly channels: readonly string[];
  state(): ChatState;
  /** Whether somebody of that name, logged in under that name, is in a channel now; undefined when the network does not tell. */
  isPresent?(channel: string, account: string): boolean | undefined;
  capabilities(channel: string): ChatCapabilities;
  /** Begins to connect and goes on for ever, also again after `close`; `hear` is called for each event of a configured channel and each private message. */
  start(hear: (event: Inbound) => Promise<void>, onState: (state: ChatState) => void): void;
  /**
   * Sends one line. Resolves when the network has given a proof, or after 5 s without one. A Fault means: it was certainly not sent, or was
   * refused.
   */
  send(channel: string, line: string, options: SendOptions): Promise<Result<Sent>>;
  /**
   * Shows an operation as a card: a new message, or one that is edited in place. Only where `edits`; errors and proof as of `send`.
   */
  show?(channel: string, card: Card, options: ShowOptions): Promise<Result<Sent>>;
  /** One line to one person, in private. */
  tell(person: Actor, line: string): Promise<Result<void>>;
  /**
   * What the network says of an account, beyond what came with an event: its name, and why it may do nothing. Asked once the event is stored; never fails,
   * for whom the network does not answer for may do nothing.
   */
  identify?(actor: Actor): Promise<Actor>;
  /**
   * Roles that groups of the network give (true) or do not give (false) to an account; any other role is for people.yaml. `fresh`: as of now; else as of
   * half a minute ago, or of when it last answered. Fault: nobody knows, and nobody has them.
   */
  rolesOf?(
    account: string,
    options: { readonly fresh: boolean },
  ): Promise<Result<Readonly<Record<string, boolean>>>>;
  close(): Promise<void>;
}
