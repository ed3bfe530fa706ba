import fc from 'fast-check';

/** Text that likes to be harmful. */
export const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '{{',
          '}}',
          '[[',
          ']]',
          '[',
          ']',
          '<b>',
          '>',
          '|',
          '~~~~',
          "''",
          "'",
          '@',
          '#',
          '#releng',
          '#RELENG',
        ],
        ...[
          'T1',
          'T',
          '1',
          ' T10',
          'T٣',
          '\n!log ',
          '\r',
          '\u0003',
          '04',
          '\u200b',
          '\u202e',
          '__',
          'TOC__',
          '_',
        ],
        ...['{F1}', 'a', ' ', '\u0301', '👍🏽', '\ud83d', 'é', 'host', '-', ')', 'x'],
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    ),
    { maxLength: 60 },
  )
  .map((pieces) => pieces.join(''));
