// How news and pages of history become one picture. Pure, so that order and repeats can be tested without a browser.
import type { Change, Conversation, Gap, Message, MessagePage, Notice, Snapshot } from './model';

export interface Thread {
  /// State of the portal the entries were read at. News up to it is contained already.
  rev: number;
  messages: Message[];
  /// Older entries exist that were not loaded.
  more: boolean;
}

export interface Picture {
  rev: number;
  conversations: Map<number, Conversation>;
  threads: Map<number, Thread>;
  gaps: Gap[];
  notices: Notice[];
}

export const emptyPicture: Picture = {
  rev: 0,
  conversations: new Map(),
  threads: new Map(),
  gaps: [],
  notices: [],
};

/// A fresh start: what was loaded before is dropped, because nobody knows what it misses.
export function fromSnapshot(snapshot: Snapshot): Picture {
  return {
    rev: snapshot.rev,
    conversations: new Map(snapshot.conversations.map((one) => [one.id, one])),
    threads: new Map(),
    gaps: snapshot.gaps,
    notices: snapshot.notices,
  };
}

/// Puts `message` in its place by id; a later form replaces an earlier one.
export function withMessage(messages: Message[], message: Message): Message[] {
  const at = messages.findIndex((one) => one.id >= message.id);
  if (at < 0) return [...messages, message];
  const found = messages[at];
  const rest = found?.id === message.id ? at + 1 : at;
  return [...messages.slice(0, at), message, ...messages.slice(rest)];
}

/// News may come twice and, after a page was loaded, late: what the picture contains already changes nothing.
export function applyChange(picture: Picture, change: Change): Picture {
  if (change.rev <= picture.rev) return picture;
  const next: Picture = { ...picture, rev: change.rev };
  if (change.conversation) {
    next.conversations = new Map(picture.conversations).set(change.conversation.id, change.conversation);
  }
  if (change.gaps) next.gaps = change.gaps;
  if (change.notices) next.notices = change.notices;
  const message = change.message;
  const thread = message && picture.threads.get(message.conversation);
  if (message && thread && change.rev > thread.rev) {
    const oldest = thread.messages[0];
    // An entry above what is loaded will come with its page.
    const above = thread.more && oldest !== undefined && message.id < oldest.id;
    if (!above) {
      next.threads = new Map(picture.threads).set(message.conversation, {
        ...thread,
        messages: withMessage(thread.messages, message),
      });
    }
  }
  return next;
}

/// The newest page of a conversation.
export function withPage(picture: Picture, id: number, page: MessagePage): Picture {
  const threads = new Map(picture.threads).set(id, {
    rev: page.rev,
    messages: page.messages,
    more: page.more,
  });
  return { ...picture, threads };
}

/// An older page, put above what is there. Entries that are there already keep their newer form.
export function withOlderPage(picture: Picture, id: number, page: MessagePage): Picture {
  const thread = picture.threads.get(id);
  if (!thread) return withPage(picture, id, page);
  const known = new Set(thread.messages.map((one) => one.id));
  const older = page.messages.filter((one) => !known.has(one.id));
  const threads = new Map(picture.threads).set(id, {
    ...thread,
    messages: [...older, ...thread.messages].sort((a, b) => a.id - b.id),
    more: page.more,
  });
  return { ...picture, threads };
}

/// What a POST answered. The live line may have been faster and may know more: then its form stays.
export function withOwn(picture: Picture, message: Message): Picture {
  const thread = picture.threads.get(message.conversation);
  if (!thread || thread.messages.some((one) => one.id === message.id)) return picture;
  const threads = new Map(picture.threads).set(message.conversation, {
    ...thread,
    messages: withMessage(thread.messages, message),
  });
  return { ...picture, threads };
}

export function sortedConversations(conversations: Map<number, Conversation>): Conversation[] {
  return [...conversations.values()].sort((a, b) => b.placed - a.placed || b.id - a.id);
}

export type Line =
  | { type: 'message'; key: string; placed: number; message: Message }
  | { type: 'gap'; key: string; placed: number; gap: Gap }
  | { type: 'notice'; key: string; placed: number; notice: Notice };

/// A conversation with the holes and notices that fall into its time. Nobody knows whose events a hole swallowed, so it
/// stands in every conversation.
export function timeline(thread: Thread, id: number, gaps: Gap[], notices: Notice[]): Line[] {
  const first = thread.messages[0]?.placed ?? 0;
  const shown = (placed: number) => !thread.more || placed > first;
  const lines: Line[] = thread.messages.map((message) => ({
    type: 'message',
    key: `m${message.id}`,
    placed: message.placed,
    message,
  }));
  for (const gap of gaps) {
    if (shown(gap.placed)) lines.push({ type: 'gap', key: `g${gap.id}`, placed: gap.placed, gap });
  }
  for (const notice of notices) {
    if (notice.conversation === id && !notice.gap && shown(notice.placed)) {
      lines.push({ type: 'notice', key: `n${notice.id}`, placed: notice.placed, notice });
    }
  }
  return lines.sort((a, b) => a.placed - b.placed);
}

/// Accounts that need attention: the latest word about each, unless it is good.
export function accountTroubles(notices: Notice[]): Notice[] {
  const good = new Set(['ok', 'active', 'connected', 'working', 'healthy', 'ready', '']);
  const seen = new Set<string>();
  const troubles: Notice[] = [];
  for (const notice of [...notices].sort((a, b) => b.id - a.id)) {
    const account = notice.account?.account;
    if (!account || seen.has(account)) continue;
    seen.add(account);
    if (!good.has(notice.account?.state ?? '')) troubles.push(notice);
  }
  return troubles;
}
