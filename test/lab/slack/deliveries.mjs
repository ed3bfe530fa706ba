import { createHmac } from 'node:crypto';
import { newId } from './workspace.mjs';

/** Hands events out, each at least once: without an acknowledgement in time the same event comes again. */
export class Deliveries {
  constructor(settings) {
    this.settings = settings;
    this.sockets = new Set();
    this.pending = new Map();
    this.all = [];
    this.turn = 0;
  }

  /** One event of the Events API. */
  event(event, isShared) {
    const { teamId, appId, botUserId } = this.settings;
    return this.deliver('events_api', {
      token: 'x',
      team_id: teamId,
      api_app_id: appId,
      type: 'event_callback',
      event_id: newId('Ev'),
      event_time: Math.floor(Date.now() / 1000),
      is_ext_shared_channel: isShared,
      authorizations: [{ team_id: teamId, user_id: botUserId, is_bot: true }],
      event,
    });
  }

  async deliver(type, payload, attempt = 0) {
    const delivery = {
      envelope_id: newId('env'),
      event_id: payload.event_id,
      type,
      attempt,
      acked: false,
      ms: null,
      status: null,
      payload,
    };
    this.all.push(delivery);
    const started = Date.now();
    const { eventsUrl, retryDelaysMs } = this.settings;
    delivery.acked = eventsUrl ? await this.byHttp(delivery) : await this.bySocket(delivery);
    delivery.ms = Date.now() - started;
    if (!delivery.acked && type === 'events_api' && attempt < retryDelaysMs.length)
      setTimeout(() => this.deliver(type, payload, attempt + 1), retryDelaysMs[attempt]).unref();
    return delivery;
  }

  /** With several sockets, one of them gets it. */
  bySocket({ envelope_id, type, payload, attempt }) {
    const open = [...this.sockets].filter(({ isOpen }) => isOpen);
    if (open.length === 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.pending.delete(envelope_id);
        resolve(false);
      }, this.settings.ackTimeoutMs);
      timer.unref();
      this.pending.set(envelope_id, () => {
        clearTimeout(timer);
        resolve(true);
      });
      const isEvent = type === 'events_api';
      const envelope = {
        envelope_id,
        type,
        payload,
        accepts_response_payload: !isEvent,
        ...(isEvent && { retry_attempt: attempt, retry_reason: attempt === 0 ? '' : 'timeout' }),
      };
      open[this.turn++ % open.length].send(JSON.stringify(envelope));
    });
  }

  acknowledged(envelopeId) {
    const settle = this.pending.get(envelopeId);
    this.pending.delete(envelopeId);
    settle?.();
  }

  async byHttp(delivery) {
    const { eventsUrl, signingSecret, ackTimeoutMs } = this.settings;
    const isForm = delivery.type !== 'events_api';
    const json = JSON.stringify(delivery.payload);
    const body = isForm ? new URLSearchParams({ payload: json }).toString() : json;
    const time = String(Math.floor(Date.now() / 1000));
    const signature = createHmac('sha256', signingSecret).update(`v0:${time}:${body}`).digest('hex');
    try {
      const response = await fetch(eventsUrl, {
        method: 'POST',
        body,
        signal: AbortSignal.timeout(ackTimeoutMs),
        headers: {
          'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
          'x-slack-request-timestamp': time,
          'x-slack-signature': `v0=${signature}`,
          ...(delivery.attempt > 0 && { 'x-slack-retry-num': String(delivery.attempt) }),
        },
      });
      delivery.status = response.status;
      await response.text();
      return response.ok;
    } catch {
      return false;
    }
  }
}
