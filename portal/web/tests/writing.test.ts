import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Message } from '../desk/model';
import {
  endEdit,
  excess,
  holdEdit,
  setText,
  startEdit,
  takeAnswer,
  textMax,
  write,
  writingIn,
  writings,
} from '../desk/writing';

const sent = { id: 7, conversation: 1, body: { text: 'as sent' } } as Message;

beforeEach(() => {
  writings.value = new Map();
});

test('every conversation keeps its own half answer and files', () => {
  setText(1, 'half an ans');
  write(1, (now) => ({ ...now, files: [{ id: 'f', name: 'a.pdf', size: 1 }] }));
  setText(2, 'another');

  assert.equal(writingIn(1).text, 'half an ans');
  assert.equal(writingIn(1).files[0]?.name, 'a.pdf');
  assert.equal(writingIn(2).text, 'another');
  assert.deepEqual(writingIn(2).files, []);
});

test('an edit neither takes the answer nor leaves anything when it is cancelled', () => {
  setText(1, 'half an ans');
  startEdit(sent);
  assert.equal(writingIn(1).edit?.text, 'as sent');
  setText(1, 'as corrected');

  assert.equal(writingIn(1).text, 'half an ans');
  endEdit(1, 7);
  assert.equal(writingIn(1).text, 'half an ans');
  assert.equal(writingIn(1).edit, undefined);
});

test('an edit that failed keeps its words, and the end of an older one does not end it', () => {
  startEdit(sent);
  setText(1, 'as corrected');
  holdEdit(1, 7, true);
  holdEdit(1, 7, false);
  assert.deepEqual(writingIn(1).edit, { message: 7, text: 'as corrected', saving: false });

  startEdit({ ...sent, id: 8 });
  endEdit(1, 7);
  assert.equal(writingIn(1).edit?.message, 8);
});

test('sending takes the answer out, and nothing is kept of an empty conversation', () => {
  setText(1, 'all of it');
  assert.deepEqual(takeAnswer(1), { text: 'all of it', files: [] });
  assert.equal(writings.value.size, 0);
});

test('the length counts characters as the wire does, not halves of them', () => {
  assert.equal(excess('x'.repeat(textMax)), 0);
  assert.equal(excess('👋'.repeat(textMax)), 0);
  assert.equal(excess('x'.repeat(textMax + 3)), 3);
  assert.equal(excess('👋'.repeat(textMax + 2)), 2);
});
