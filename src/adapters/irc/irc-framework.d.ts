// irc-framework 4.14 ships no types. Only what is used here is declared; the tests on a real server hold it true.
declare module 'irc-framework' {
  import type { EventEmitter } from 'node:events';

  export interface IrcBatch {
    readonly type: string;
  }

  /** A message, a tag message, or somebody coming and going: the fields that an event has depend on what it is. */
  export interface IrcEvent {
    readonly nick: string;
    readonly new_nick?: string;
    readonly ident?: string;
    readonly hostname?: string;
    readonly target?: string;
    /** `@` or `+` when it was said to the operators or the voiced of a channel only. */
    readonly group?: string;
    readonly channel?: string;
    readonly kicked?: string;
    readonly message?: string;
    readonly tags?: Readonly<Record<string, string>>;
    readonly time?: number;
    /** False in an extended join of somebody who is not logged in. */
    readonly account?: string | false;
    readonly batch?: IrcBatch;
  }

  /** A numeric that says that something was refused; `error` is the library's word for it, `irc` when the server closes the link. */
  export interface IrcError {
    readonly error: string;
    readonly channel?: string;
    readonly nick?: string;
    readonly reason?: string;
  }

  /** A line that the library has no event for. */
  export interface IrcUnknown {
    readonly command: string;
    readonly params: readonly string[];
  }

  /** Capabilities that came, went or were granted, by name; the value is what the server said of one, mostly nothing. */
  export interface IrcCapabilities {
    readonly capabilities: Readonly<Record<string, string>>;
  }

  export interface IrcWhoUser {
    readonly nick: string;
    readonly ident: string;
    readonly hostname: string;
    /** Empty for somebody who is not logged in; undefined when the server has no WHOX. */
    readonly account?: string;
  }

  export interface IrcConnectOptions {
    readonly host: string;
    readonly port: number;
    readonly nick: string;
    readonly username: string;
    readonly gecos: string;
    /** Empty: the library answers no CTCP VERSION by itself. Its own answers have no pace. */
    readonly version: string;
    readonly tls: boolean;
    readonly auto_reconnect: false;
    readonly ping_interval: number;
    readonly ping_timeout: number;
    readonly sasl_disconnect_on_fail: boolean;
    readonly sasl_mechanism?: string;
    readonly enable_echomessage: boolean;
    readonly account?: { readonly account: string; readonly password?: string };
    readonly transport: new (options: unknown) => EventEmitter;
  }

  export class Client extends EventEmitter {
    readonly network: {
      readonly cap: { isEnabled(capability: string): boolean };
      /** `true` for a token without a value. */
      supports(feature: 'CLIENTTAGDENY'): readonly string[] | true | undefined;
    };
    requestCap(capabilities: readonly string[]): void;
    connect(options: IrcConnectOptions): void;
    raw(...parts: readonly string[]): void;
    join(channel: string): void;
    changeNick(nick: string): void;
    who(target: string, callback: (event: { readonly users: readonly IrcWhoUser[] }) => void): void;
    quit(message: string): void;
    caseCompare(a: string, b: string): boolean;
    caseLower(text: string): string;
  }
}
