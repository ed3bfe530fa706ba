import { expect, test } from '@jest/globals';
import { isLoopback } from '../../src/config/loopback.ts';

test.each(['127.0.0.1', '127.9.8.7', 'localhost', 'LOCALHOST', '::1', '[::1]', '0:0:0:0:0:0:0:1'])(
  '%s never leaves the machine',
  (host) => {
    expect(isLoopback(host)).toBe(true);
  },
);

test.each([
  '10.0.0.1',
  '127.0.0.1.example.org',
  'localhost.example.org',
  '::',
  '::2',
  'fe80::1',
  '0.0.0.0',
  '',
])('%s may', (host) => {
  expect(isLoopback(host)).toBe(false);
});
