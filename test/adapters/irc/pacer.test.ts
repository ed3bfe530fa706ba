import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Pacer } from '../../../src/adapters/irc/pacer.ts';
import type { Urgency } from '../../../src/ports/chat.ts';

let events: string[] = [];

beforeEach(() => {
  jest.useFakeTimers();
  events = [];
});

afterEach(() => {
  jest.useRealTimers();
});

function push(pacer: Pacer, name: string, urgency: Urgency = 'result', key = name): void {
  pacer.push({
    key,
    urgency,
    send: () => events.push(name),
    drop: () => events.push(`${name} dropped`),
  });
}

test('a burst goes out at once, the rest one by one', () => {
  const pacer = new Pacer({ burst: 2, everyMs: 1000 }, Date.now);
  for (const name of ['a', 'b', 'c', 'd']) push(pacer, name);
  expect(events).toEqual(['a', 'b']);
  jest.advanceTimersByTime(1000);
  expect(events).toEqual(['a', 'b', 'c']);
  jest.advanceTimersByTime(1000);
  expect(events).toEqual(['a', 'b', 'c', 'd']);
});

test('after a rest no more than the burst goes out at once', () => {
  const pacer = new Pacer({ burst: 2, everyMs: 1000 }, Date.now);
  jest.advanceTimersByTime(60_000);
  for (const name of ['a', 'b', 'c']) push(pacer, name);
  expect(events).toEqual(['a', 'b']);
  expect(pacer.waiting).toBe(1);
  pacer.clear();
});

test('results and log lines overtake progress, and keep their order', () => {
  const pacer = new Pacer({ burst: 1, everyMs: 1000 }, Date.now);
  push(pacer, 'first');
  push(pacer, 'progress', 'progress');
  push(pacer, 'log', 'log');
  push(pacer, 'result');
  jest.advanceTimersByTime(3000);
  expect(events).toEqual(['first', 'log', 'result', 'progress']);
});

test('newer progress takes the place of waiting progress with the same key', () => {
  const pacer = new Pacer({ burst: 1, everyMs: 1000 }, Date.now);
  push(pacer, 'first');
  push(pacer, 'half', 'progress', 'k7f');
  push(pacer, 'other', 'progress', 'm3k');
  push(pacer, 'whole', 'progress', 'k7f');
  jest.advanceTimersByTime(3000);
  expect(events).toEqual(['first', 'half dropped', 'whole', 'other']);
});

test('a result is never dropped for another with the same key', () => {
  const pacer = new Pacer({ burst: 1, everyMs: 1000 }, Date.now);
  for (const name of ['a', 'b', 'c']) push(pacer, name, 'result', 'k7f');
  jest.advanceTimersByTime(3000);
  expect(events).toEqual(['a', 'b', 'c']);
});

test('without a pace everything goes out at once', () => {
  const pacer = new Pacer({ burst: 100_000, everyMs: 0 }, Date.now);
  for (let i = 0; i < 500; i++) push(pacer, 'line');
  expect(events).toHaveLength(500);
});
