import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePythonJson, writePythonJson } from '../../src/core/python-json.ts';
import { rewriteInPython } from './real-python.ts';

const READABLE = [
  '{}',
  '[]',
  ' { } ',
  '\t[ 1 ,\n2\r]',
  '{"weight":10,"pooled":"yes"}',
  '{"b":1,"a":2,"10":3,"2":4,"-1":5}',
  '{"a":1,"b":2,"a":3}',
  '{"__proto__":{"x":1},"constructor":2}',
  '{"nested":{"2":[{"1":null}],"1":[]},"t":true,"f":false}',
  '"é ü € 😀 \u2028 \u2029 \u007f"',
  '"\\u00E9\\ud83d\\ude00\\uD83D\\/\\b\\f\\n\\r\\t\\"\\\\"',
  '"\\ud83d alone, \\ude00 alone, \\ude00\\ud83d swapped"',
  '"\\u0000\\u001f"',
  '0',
  '-0',
  '-0.0',
  '0.0',
  '0e5',
  '1.0',
  '10.50',
  '-2.5e-3',
  '1e3',
  '1E+3',
  '1e15',
  '1e16',
  '123456789012345678.0',
  '9007199254740993',
  '123456789012345678901234567890123456789012345678901234567890',
  '-123456789012345678901234567890',
  '0.0001',
  '0.00001',
  '0.00012345678901234567',
  '1e-5',
  '5e-324',
  '2.2250738585072014e-308',
  '1.7976931348623157e308',
  '1e400',
  '-1e400',
  '1e-400',
  'NaN',
  '[Infinity, -Infinity]',
  '0.1',
  '0.30000000000000004',
  '100000000000000000000000.0',
  '9999999999999998.0',
  'null',
  'true',
];

const UNREADABLE = [
  '',
  ' ',
  '{',
  '}',
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  "{'a':1}",
  '{a:1}',
  '{1:1}',
  '[1,]',
  '[,1]',
  '[1 2]',
  '[1]]',
  '{} {}',
  '01',
  '1.',
  '.5',
  '+1',
  '-',
  '1e',
  '0x10',
  '-NaN',
  'nan',
  'True',
  'tru',
  '"open',
  '"\\x41"',
  '"\\u12"',
  '"\\u12g4"',
  '"a\nb"',
  '"a\tb"',
  '\u00a0{}',
  '\ufeff{}',
];

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('1', '007', '-1'),
);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => String(value)),
  fc
    .double({ noNaN: true, noDefaultInfinity: true, min: -1e17, max: 1e17 })
    .map((value) => value.toExponential()),
  fc.bigInt().map((value) => String(value)),
);

/** JSON texts as anybody may have typed them, objects with their keys in any order and more than once. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    text.map((value) => JSON.stringify(value)),
    number,
    fc.constantFrom('true', 'false', 'null'),
    fc.array(tie('json'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    fc
      .array(fc.tuple(text, tie('json')), { maxLength: 5 })
      .map((fields) => `{${fields.map(([key, value]) => `${JSON.stringify(key)} :${value}`).join(' ,')}}`),
  ),
}));

describe('JSON as Python has it', () => {
  const answers = rewriteInPython([...READABLE, ...UNREADABLE]);

  test.each(READABLE.map((input, index) => [input, answers[index]]))(
    'reading and writing %j gives what Python gives',
    (input, answer) => {
      expect(answer).not.toBeNull();
      expect(writePythonJson(parsePythonJson(String(input)))).toBe(answer);
    },
  );

  test.each(UNREADABLE.map((input, index) => [input, answers[READABLE.length + index]]))(
    '%j is refused, as Python refuses it',
    (input, answer) => {
      expect(answer).toBeNull();
      expect(() => parsePythonJson(String(input))).toThrow(SyntaxError);
    },
  );

  test('whatever is valid is rewritten byte for byte as Python rewrites it', () => {
    const inputs = fc.sample(json, 2000);
    expect(inputs.map((input) => writePythonJson(parsePythonJson(input)))).toEqual(rewriteInPython(inputs));
  });

  test('what was written is written the same again', () => {
    fc.assert(
      fc.property(json, (input) => {
        const once = writePythonJson(parsePythonJson(input));
        expect(writePythonJson(parsePythonJson(once))).toBe(once);
      }),
    );
  });

  test('a text that is nested without end is refused and not followed', () => {
    expect(() => parsePythonJson('['.repeat(100_000))).toThrow('nested too deep at character 100');
  });
});
