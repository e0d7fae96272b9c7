import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reasonOf, sentence, stateOf } from '../desk/format';

test('a state is told by its mark alone, whoever sees no colours', () => {
  const states = ['saved', 'sent', 'delivered', 'read', 'failed', 'unknown'];
  const marks = states.map((state) => stateOf(state, {}).mark);
  const words = states.map((state) => stateOf(state, {}).words);
  assert.equal(new Set(marks).size, states.length);
  assert.equal(new Set(words).size, states.length);
});

test('what a program says becomes a sentence', () => {
  assert.equal(sentence('the file is gone'), 'The file is gone.');
  assert.equal(sentence('Done.'), 'Done.');
  assert.equal(sentence(''), '');
});

test('an answer that ran out of time is told without naming a time that may be another', () => {
  assert.doesNotMatch(reasonOf({ error: { code: 'expired' } }), /24/);
});
