import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gapWords, keyOf } from '../desk/gaps';
import type { Gap } from '../desk/model';

const gap: Gap = {
  id: 1,
  lane: 'messages',
  epoch: 1,
  from: 5,
  through: 9,
  explained: false,
  reason: '',
  placed: 3,
  seen: '',
};

test('a hole that has grown is not the one that was dismissed', () => {
  assert.notEqual(keyOf(gap), keyOf({ ...gap, through: 10 }));
  assert.notEqual(keyOf(gap), keyOf({ ...gap, lane: 'presence' }));
  assert.equal(keyOf(gap), keyOf({ ...gap, reason: 'expired' }));
});

test('a hole says what is missing and whether anybody knows why', () => {
  assert.match(gapWords(gap), /^Events 5–9 are missing; the host/);
  assert.equal(
    gapWords({ ...gap, through: 5, explained: true, reason: 'expired' }),
    'Event 5 is missing: expired',
  );
});
