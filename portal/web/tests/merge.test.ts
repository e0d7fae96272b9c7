import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  accountTroubles,
  applyChange,
  fromSnapshot,
  type Picture,
  sortedConversations,
  timeline,
  withOlderPage,
  withOwn,
  withPage,
} from '../desk/merge';
import type { Conversation, Message, MessagePage, Notice } from '../desk/model';

function conversation(id: number, placed: number): Conversation {
  return {
    id,
    account: 'a',
    external: String(id),
    connector: 'telegram',
    line: 'support',
    kind: 'direct',
    name: `Customer ${id}`,
    title: '',
    url: '',
    customer: {},
    last_text: '',
    last_time: '',
    placed,
    unread: 0,
  };
}

function message(id: number, text: string, state = ''): Message {
  return {
    id,
    conversation: 1,
    placed: id * 10,
    kind: 'message',
    outgoing: state !== '',
    own: state !== '',
    sender: {},
    body: { text },
    late: false,
    deleted: false,
    edits: 0,
    state,
    detail: {},
    time: '2026-11-22T08:00:00.000Z',
    client: '',
    reactions: [],
  };
}

function page(rev: number, messages: Message[], more = false): MessagePage {
  return { rev, conversation: conversation(1, 1), messages, more };
}

function loaded(rev: number, messages: Message[], more = false): Picture {
  const start = fromSnapshot({
    rev,
    portal: 'acme',
    conversations: [conversation(1, 1)],
    gaps: [],
    notices: [],
    backlog: {},
  });
  return withPage(start, 1, page(rev, messages, more));
}

const texts = (picture: Picture) => picture.threads.get(1)?.messages.map((one) => one.body.text);

test('a message that comes twice is shown once', () => {
  const change = { rev: 6, message: message(2, 'second') };
  const once = applyChange(loaded(5, [message(1, 'first')]), change);
  assert.deepEqual(texts(once), ['first', 'second']);
  assert.equal(applyChange(once, change), once);
});

test('news that is older than the loaded page does not bring an old form back', () => {
  // The live line is at revision 5 when a page at revision 9 arrives; the news of 6 to 9 follow.
  const start = withPage(loaded(5, []), 1, page(9, [message(1, 'hello', 'delivered')]));
  const late = applyChange(start, { rev: 7, message: message(1, 'hello', 'saved') });
  assert.equal(late.threads.get(1)?.messages[0]?.state, 'delivered');
  const fresh = applyChange(late, { rev: 10, message: message(1, 'hello', 'read') });
  assert.equal(fresh.threads.get(1)?.messages[0]?.state, 'read');
});

test('resuming after a lost line gives the same picture as never losing it', () => {
  const changes = [
    { rev: 6, message: message(2, 'b') },
    { rev: 7, message: message(3, 'c', 'saved') },
    { rev: 8, conversation: conversation(1, 30) },
    { rev: 9, message: message(3, 'c', 'sent') },
    { rev: 10, message: { ...message(2, 'b!'), edits: 1 } },
  ];
  const whole = changes.reduce(applyChange, loaded(5, [message(1, 'a')]));
  for (let cut = 0; cut <= changes.length; cut += 1) {
    for (let back = 0; back <= cut; back += 1) {
      // The line breaks after `cut` news and repeats the last `back` of them.
      const first = changes.slice(0, cut).reduce(applyChange, loaded(5, [message(1, 'a')]));
      const resumed = changes.slice(cut - back).reduce(applyChange, first);
      assert.deepEqual(resumed, whole);
    }
  }
});

test('an answer of the portal never replaces the newer form from the live line', () => {
  const live = applyChange(loaded(5, []), { rev: 6, message: message(4, 'mine', 'sent') });
  assert.equal(withOwn(live, message(4, 'mine', 'saved')), live);
  const first = withOwn(loaded(5, []), message(4, 'mine', 'saved'));
  assert.deepEqual(texts(first), ['mine']);
});

test('an older page goes above and keeps newer forms', () => {
  const start = loaded(5, [message(3, 'c', 'read'), message(4, 'd')], true);
  const more = withOlderPage(start, 1, page(6, [message(1, 'a'), message(2, 'b'), message(3, 'c', 'sent')]));
  assert.deepEqual(texts(more), ['a', 'b', 'c', 'd']);
  assert.equal(more.threads.get(1)?.messages[2]?.state, 'read');
});

test('a change above what is loaded waits for its page', () => {
  const start = loaded(5, [message(3, 'c')], true);
  assert.deepEqual(texts(applyChange(start, { rev: 6, message: message(1, 'a edited') })), ['c']);
});

test('the conversation with the latest entry is on top', () => {
  const start = fromSnapshot({
    rev: 1,
    portal: '',
    conversations: [conversation(1, 5), conversation(2, 9)],
    gaps: [],
    notices: [],
    backlog: {},
  });
  const moved = applyChange(start, { rev: 2, conversation: conversation(1, 12) });
  assert.deepEqual(
    sortedConversations(moved.conversations).map((one) => one.id),
    [1, 2],
  );
});

test('a gap stands between the messages around it', () => {
  const start = loaded(5, [message(1, 'a'), message(2, 'b')]);
  const gap = {
    id: 1,
    lane: 'messages',
    epoch: 1,
    from: 2,
    through: 3,
    explained: false,
    reason: '',
    placed: 15,
    seen: '',
  };
  const thread = start.threads.get(1);
  assert.ok(thread);
  assert.deepEqual(
    timeline(thread, 1, [gap], []).map((line) => line.type),
    ['message', 'gap', 'message'],
  );
});

test('an account is shown while its latest word is bad', () => {
  const notice = (id: number, state: string): Notice => ({
    id,
    placed: id,
    time: '',
    code: 'account',
    text: '',
    account: { account: 'acme-telegram', state },
  });
  assert.equal(accountTroubles([notice(1, 'broken')]).length, 1);
  assert.equal(accountTroubles([notice(1, 'broken'), notice(2, 'ok')]).length, 0);
});
