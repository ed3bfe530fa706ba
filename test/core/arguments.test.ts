import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import {
  Cluster,
  CommandName,
  Dc,
  faultOfIssue,
  Hosts,
  OperationId,
  OperationIdOrAll,
  OptionalCommandName,
  OptionalSubject,
  Service,
  Weight,
} from '../../src/core/arguments.ts';

/** What a token is read as, or why not: the kind of the fault, or the sentence. */
function read(schema: z.ZodType, token: string | undefined): unknown {
  const result = schema.safeParse(token);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return issue === undefined ? undefined : (faultOfIssue(issue) ?? issue.message);
}

describe('tokens that are read', () => {
  test.each<[string, z.ZodType, string | undefined, unknown]>([
    ['Hosts', Hosts, 'maps[1005-1006]', { typed: 'maps[1005-1006]', names: ['maps1005', 'maps1006'] }],
    ['Hosts', Hosts, '`maps1005`', { typed: 'maps1005', names: ['maps1005'] }],
    ['Service', Service, 'kartotherian-k8s-ssl', 'kartotherian-k8s-ssl'],
    ['Service', Service, '`kartotherian`', 'kartotherian'],
    ['Service', Service, 'Kartotherian', 'kartotherian'],
    ['Weight', Weight, '1', 1],
    ['Weight', Weight, '65535', 65_535],
    ['OperationId', OperationId, 'K7F', 'k7f'],
    ['OperationId', OperationId, 'abcde', 'abcde'],
    ['OperationIdOrAll', OperationIdOrAll, 'All', 'all'],
    ['OperationIdOrAll', OperationIdOrAll, 'k7f', 'k7f'],
    ['OptionalSubject', OptionalSubject, undefined, undefined],
    ['OptionalSubject', OptionalSubject, 'maps1005.eqiad.wmnet', 'maps1005.eqiad.wmnet'],
    ['Dc', Dc, 'eqiad', 'eqiad'],
    ['Cluster', Cluster, 'maps', 'maps'],
    ['CommandName', CommandName, '!Pool', 'pool'],
    ['OptionalCommandName', OptionalCommandName, undefined, undefined],
  ])('%s reads %j %j as %j', (_name, schema, token, value) => {
    expect(read(schema, token)).toEqual(value);
  });
});

describe('tokens that are refused with a sentence', () => {
  test.each<[string, z.ZodType, string, string]>([
    ['Service', Service, '', 'a service is a name like'],
    ['Service', Service, '-x', 'a service is a name like'],
    ['Weight', Weight, '0', 'from 1 to 65535'],
    ['Weight', Weight, '65536', 'from 1 to 65535'],
    ['Weight', Weight, '2.5', 'from 1 to 65535'],
    ['Weight', Weight, '-3', 'from 1 to 65535'],
    ['Weight', Weight, '1_0', 'from 1 to 65535'],
    ['Weight', Weight, '1e3', 'from 1 to 65535'],
    ['Weight', Weight, '٣', 'from 1 to 65535'],
    ['Weight', Weight, '', 'from 1 to 65535'],
    ['OperationId', OperationId, 'k7', '3 to 5 letters and digits'],
    ['OperationId', OperationId, 'k7fabc', '3 to 5 letters and digits'],
    ['OperationId', OperationId, '7kf', '3 to 5 letters and digits'],
    ['OperationId', OperationId, 'k1f', 'none of 0 o 1 l i'],
    ['OperationId', OperationId, 'kof', 'none of 0 o 1 l i'],
    ['OperationId', OperationId, 'all', 'none of 0 o 1 l i'],
    ['OptionalSubject', OptionalSubject, '..', 'name one service or host'],
    ['Dc', Dc, '', 'a data centre is a name like eqiad'],
    ['CommandName', CommandName, '42', 'name a command'],
  ])('%s refuses %j %j: %s', (_name, schema, token, sentence) => {
    expect(read(schema, token)).toEqual(expect.stringContaining(sentence));
  });
});

describe('tokens that are refused with a fault', () => {
  test.each<[string, z.ZodType, string, object]>([
    ['Hosts', Hosts, 'maps[1007-1005]', { kind: 'range-invalid' }],
    ['Hosts', Hosts, 'x[1-99999999]', { kind: 'hosts-too-many', count: 99_999_999 }],
    ['Hosts', Hosts, 'm\u0430ps1005', { kind: 'character-refused', codePoint: 'U+0430' }],
    ['Service', Service, 'k\u0430rtotherian', { kind: 'character-refused', codePoint: 'U+0430' }],
    ['Service', Service, 'karto\u200btherian', { kind: 'character-refused', codePoint: 'U+200B' }],
    ['Service', Service, '\u202ekarto', { kind: 'character-refused', codePoint: 'U+202E' }],
    ['Service', Service, 'a;b', { kind: 'character-refused', codePoint: 'U+003B' }],
    ['Service', Service, '``karto``', { kind: 'character-refused', codePoint: 'U+0060' }],
    ['Service', Service, '\u212aarto', { kind: 'character-refused', codePoint: 'U+212A' }],
    ['OperationId', OperationId, 'k7\u200bf', { kind: 'character-refused', codePoint: 'U+200B' }],
    ['OptionalSubject', OptionalSubject, 'a/b', { kind: 'character-refused', codePoint: 'U+002F' }],
    ['Cluster', Cluster, 'maps,x', { kind: 'character-refused', codePoint: 'U+002C' }],
    ['CommandName', CommandName, 'p\u043eol', { kind: 'character-refused', codePoint: 'U+043E' }],
  ])('%s refuses %j %j', (_name, schema, token, fault) => {
    expect(read(schema, token)).toMatchObject(fault);
  });
});
