import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pieces, safeLink } from '../desk/spans';

const brief = (text: string, spans: Parameters<typeof pieces>[1]) =>
  pieces(text, spans).map((piece) => [piece.text, piece.marks.map((mark) => mark.type).join('+')]);

test('offsets count code points, not UTF-16 units', () => {
  assert.deepEqual(brief('👋 bold 👍', [{ type: 'bold', offset: 2, length: 4 }]), [
    ['👋 ', ''],
    ['bold', 'bold'],
    [' 👍', ''],
  ]);
});

test('marks may overlap, and what lies outside the text is cut', () => {
  const marks = [
    { type: 'bold', offset: 0, length: 4 },
    { type: 'italic', offset: 2, length: 99 },
    { type: 'code', offset: 50, length: 2 },
    { type: 'underline', offset: 1, length: -3 },
  ];
  assert.deepEqual(brief('abcdef', marks), [
    ['ab', 'bold'],
    ['cd', 'italic+bold'],
    ['ef', 'italic'],
  ]);
});

test('pieces always join to the text', () => {
  const text = 'Ünï👩‍👩‍👧code';
  for (let offset = 0; offset < 14; offset += 1) {
    for (let length = 0; length < 14; length += 1) {
      const joined = pieces(text, [
        { type: 'bold', offset, length },
        { type: 'link', offset: 3, length: 5 },
      ]);
      assert.equal(joined.map((piece) => piece.text).join(''), text);
    }
  }
});

test('only harmless addresses can be followed', () => {
  assert.equal(safeLink('https://example.org/a'), 'https://example.org/a');
  assert.equal(safeLink('example.org'), 'https://example.org/');
  assert.equal(safeLink('javascript:alert(1)'), undefined);
  assert.equal(safeLink(' data:text/html,x'), undefined);
  assert.equal(safeLink('JavaScript:alert(1)'), undefined);
  assert.equal(safeLink(undefined), undefined);
});
