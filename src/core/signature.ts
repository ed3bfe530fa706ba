import type { KeyObject } from 'node:crypto';
import { createHmac, createSecretKey, hash } from 'node:crypto';
import { canonicalJson } from './canonical.ts';
import type { Operation, Request, Vote } from './operation.ts';
import type { Plan } from './plan.ts';

/** A plan is looked at before each of its writes, and never changes. */
const hashes = new WeakMap<Plan, string>();

/** The hash of a plan: it covers every object's text and modifiedIndex as shown. 64 hex digits. */
export function hashPlan(plan: Plan): string {
  const known = hashes.get(plan);
  if (known !== undefined) return known;
  const fresh = hash('sha256', canonicalJson(plan));
  hashes.set(plan, fresh);
  return fresh;
}

/**
 * What makes a stored request believable: Redis carries it, the key stays in Sluice's own file.
 *
 * @returns 64 hex digits over the id, the plan hash and everything that was asked.
 */
export function signRequest(key: string, signed: { id: string; planHash: string; request: Request }): string {
  const { id, planHash, request } = signed;
  return once(request, [key, id, planHash], () => hmac(key, { what: 'request', id, planHash, request }));
}

/** A vote with what makes it believable. */
export function signedVote(key: string, { id, vote }: { id: string; vote: Omit<Vote, 'signature'> }): Vote {
  const signature = signVote(key, { id, vote });
  const signed = { ...vote, signature };
  remember(signed, [key, id], signature);
  return signed;
}

/** What makes a stored vote believable. */
export function signVote(key: string, signed: { id: string; vote: Omit<Vote, 'signature'> }): string {
  const { person, verdict, planHash, eventKey, transport, at, roles } = signed.vote;
  const given = {
    person,
    verdict,
    planHash,
    eventKey,
    transport,
    at,
    ...(roles === undefined ? {} : { roles }),
  };
  return once(signed.vote, [key, signed.id], () => hmac(key, { what: 'vote', id: signed.id, ...given }));
}

/** Requests and votes are looked at before each write, and never change. */
const signatures = new WeakMap<object, { readonly under: string; readonly signature: string }>();

function once(signed: object, under: readonly string[], sign: () => string): string {
  const known = signatures.get(signed);
  if (known?.under === under.join(' ')) return known.signature;
  const signature = sign();
  remember(signed, under, signature);
  return signature;
}

function remember(signed: object, under: readonly string[], signature: string): void {
  signatures.set(signed, { under: under.join(' '), signature });
}

/**
 * Looks for anything in a stored operation that Sluice did not write itself.
 *
 * @returns what is forged, in words; undefined when plan, request and every vote are as signed, each vote for this very plan.
 */
export function findForgery(key: string, operation: Operation): string | undefined {
  const { id, plan, planHash, request } = operation;
  if (hashPlan(plan) !== planHash) return 'the plan is not the one that was signed';
  if (signRequest(key, { id, planHash, request }) !== operation.signature)
    return 'the request has no valid signature';
  for (const vote of operation.votes) {
    if (signVote(key, { id, vote }) !== vote.signature || vote.planHash !== planHash) {
      return `the vote of ${vote.person} has no valid signature`;
    }
  }
  return undefined;
}

/** Of the last key that was used: there is one. */
let secret: { readonly key: string; readonly object: KeyObject } | undefined;

function hmac(key: string, value: unknown): string {
  if (secret?.key !== key) secret = { key, object: createSecretKey(key, 'utf8') };
  return createHmac('sha256', secret.object).update(canonicalJson(value)).digest('hex');
}
