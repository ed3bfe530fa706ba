import bolt from '@slack/bolt';
import type { webApi } from '@slack/bolt';
import { z } from 'zod';
import { readThrown } from '../../core/thrown.ts';

/**
 * How a call of the Web API came out when it was not `ok`. `refused`: Slack says no, in one word; nothing was done. `limited`: not now. `unclear`: there was
 * no answer, so it may have been done.
 */
export type ApiFault =
  | { readonly kind: 'refused'; readonly error: string; readonly isAuth: boolean; readonly needed?: string }
  | { readonly kind: 'limited'; readonly afterMs: number }
  | { readonly kind: 'unclear'; readonly cause: string };

/** The answer, or why there is none. */
export type Answer<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: ApiFault };

/** Of a token that will not work again by itself. */
const AUTH = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'team_disabled',
  'no_permission',
]);
/** Slack's own trouble: what was asked may have been done. */
const TROUBLE = new Set(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout']);

const Platform = z.object({ data: z.object({ error: z.string(), needed: z.string().optional() }) });
const Limited = z.object({ retryAfter: z.number() });
const Http = z.object({ statusCode: z.number() });

/** The Web API, one call at a time and never again by itself: what is said again is decided by who knows what was said. */
export class SlackApi {
  private readonly client: webApi.WebClient;

  constructor(token: string, options: webApi.WebClientOptions) {
    this.client = new bolt.webApi.WebClient(token, options);
  }

  /** @param schema what of the answer is used. */
  async call<T extends z.ZodType>(
    method: string,
    args: Readonly<Record<string, unknown>>,
    schema: T,
  ): Promise<Answer<z.output<T>>> {
    try {
      const answer = schema.safeParse(await this.client.apiCall(method, args));
      if (answer.success) return { ok: true, value: answer.data };
      return { ok: false, fault: { kind: 'unclear', cause: `${method}: ${answer.error.message}` } };
    } catch (thrown) {
      return { ok: false, fault: readFault(thrown) };
    }
  }
}

/** The options of a client: made anew for each, for the libraries write into them. */
export function clientOptions(
  { apiUrl, callMs }: { readonly apiUrl: string; readonly callMs: number },
  logger: webApi.WebClientOptions['logger'],
): webApi.WebClientOptions {
  return {
    slackApiUrl: apiUrl,
    timeout: callMs,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    ...(logger === undefined ? {} : { logger }),
  };
}

/** An error of the library: by its shape, for it may come from another realm. */
export function readFault(thrown: unknown): ApiFault {
  const platform = Platform.safeParse(thrown);
  if (platform.success) {
    const { error, needed } = platform.data.data;
    if (error === 'ratelimited') return { kind: 'limited', afterMs: 1000 };
    if (TROUBLE.has(error)) return { kind: 'unclear', cause: error };
    return { kind: 'refused', error, isAuth: AUTH.has(error), ...(needed === undefined ? {} : { needed }) };
  }
  const limited = Limited.safeParse(thrown);
  if (limited.success) return { kind: 'limited', afterMs: limited.data.retryAfter * 1000 };
  const http = Http.safeParse(thrown);
  if (http.success) return { kind: 'unclear', cause: `HTTP ${String(http.data.statusCode)}` };
  return { kind: 'unclear', cause: readThrown(thrown).message };
}

/** What a refusal of Slack's means, with what to do; the word itself where we know no better. */
export function refusalText(error: string, needed?: string): string {
  const text: Readonly<Record<string, string>> = {
    channel_not_found: 'Slack has no such channel, or Sluice may not see it: /invite it there',
    not_in_channel: 'Sluice is not in the channel: /invite it there',
    is_archived: 'the channel is archived',
    missing_scope: `the app lacks the scope ${needed ?? 'it needs'}: compare docs/slack-app.yaml, then install it again`,
    msg_too_long: 'the message is too long for Slack',
    invalid_blocks: 'Slack refuses the form of the card',
    restricted_action: 'the workspace does not let Sluice post there',
    cant_update_message: 'the message is not ours to change',
    message_not_found: 'the message is gone',
    invalid_auth: 'the token is wrong',
    token_revoked: 'the token was revoked: install the app again',
    account_inactive: 'the app or its workspace is deactivated',
  };
  return text[error] === undefined ? `Slack says ${error}` : `${text[error]} (${error})`;
}
