// The page's state: one picture of the portal, what is open, and what is on its way out.
import { batch, computed, signal } from '@preact/signals';
import { api, Problem } from './api';
import { sentence } from './format';
import { Live } from './live';
import {
  applyChange,
  emptyPicture,
  fromSnapshot,
  type Picture,
  sortedConversations,
  timeline,
  withOlderPage,
  withOwn,
  withPage,
} from './merge';
import type { Backlog, Draft, Message } from './model';
import { endEdit, excess, holdEdit, takeAnswer, write, writingIn } from './writing';

export const picture = signal<Picture>(emptyPicture);
export const portal = signal('');
export const ready = signal(false);
export const selected = signal(0);
export const connected = signal(true);
export const backlog = signal<Backlog>({});
export const drafts = signal<Draft[]>([]);
export const trouble = signal('');
export const spoken = signal('');
/// The conversation just left by going back: its place in the list gets the focus.
export const left = signal(0);
export const typists = signal<Map<number, { name: string; until: number }>>(new Map());

export const conversations = computed(() => sortedConversations(picture.value.conversations));
export const conversation = computed(() => picture.value.conversations.get(selected.value));
export const thread = computed(() => picture.value.threads.get(selected.value));
export const lines = computed(() =>
  thread.value ? timeline(thread.value, selected.value, picture.value.gaps, picture.value.notices) : [],
);

export const unread = computed(() =>
  [...picture.value.conversations.values()].reduce((sum, one) => sum + one.unread, 0),
);

export function report(failure: unknown): void {
  trouble.value = sentence(failure instanceof Problem ? failure.detail : String(failure));
}

const live = new Live(
  {
    change(change) {
      const message = change.message;
      const before = picture.value;
      picture.value = applyChange(before, change);
      // The count of unread comes after the message it counts.
      if (change.conversation?.id === selected.value) markSeen();
      if (!message || picture.value === before) return;
      if (message.client) drafts.value = drafts.value.filter((draft) => draft.client !== message.client);
      const known = before.threads.get(message.conversation)?.messages.some((one) => one.id === message.id);
      if (message.conversation === selected.value && !message.outgoing && !known) arrived(message);
    },
    typing(typing) {
      const next = new Map(typists.value);
      if (typing.on) next.set(typing.conversation, { name: typing.name, until: Date.now() + 6_000 });
      else next.delete(typing.conversation);
      typists.value = next;
      setTimeout(() => {
        const still = [...typists.value].filter(([, typist]) => typist.until > Date.now());
        if (still.length !== typists.value.size) typists.value = new Map(still);
      }, 6_100);
    },
    backlog(value) {
      backlog.value = value;
    },
    reset() {
      void load();
    },
    connected(on) {
      connected.value = on;
      if (on) void flush();
    },
  },
  () => picture.value.rev,
);

function arrived(message: Message): void {
  spoken.value = `${message.sender.name ?? 'Customer'}: ${message.body.text ?? message.kind}`;
  typists.value = new Map([...typists.value].filter(([id]) => id !== message.conversation));
}

/// A fresh picture, and the live line from there on.
export async function load(): Promise<void> {
  live.close();
  try {
    const snapshot = await api.snapshot();
    picture.value = fromSnapshot(snapshot);
    portal.value = snapshot.portal;
    backlog.value = snapshot.backlog;
    ready.value = true;
    trouble.value = '';
    live.open();
    if (selected.value) await loadThread(selected.value);
  } catch (failure) {
    report(failure);
    connected.value = false;
    setTimeout(() => void load(), 3_000);
  }
}

async function loadThread(id: number): Promise<void> {
  try {
    const page = await api.messages(id);
    picture.value = withPage(picture.value, id, page);
    markSeen();
  } catch (failure) {
    report(failure);
  }
}

export function open(id: number): void {
  selected.value = id;
  if (!picture.value.threads.has(id)) void loadThread(id);
  else markSeen();
}

export function back(): void {
  batch(() => {
    left.value = selected.value;
    selected.value = 0;
  });
}

export async function loadOlder(): Promise<void> {
  const oldest = thread.value?.messages[0];
  const id = selected.value;
  if (!oldest) return;
  try {
    picture.value = withOlderPage(picture.value, id, await api.messages(id, oldest.id));
  } catch (failure) {
    report(failure);
  }
}

/// Read only when somebody looks: the conversation is open and the page is in front.
export function markSeen(): void {
  const open = conversation.value;
  if (!open || open.unread === 0 || document.visibilityState !== 'visible') return;
  api.seen(open.id).catch(report);
}

let flushing = false;

/// Hands drafts to the portal one after the other. A lost connection keeps them; the same client id makes a repeat harmless.
export async function flush(): Promise<void> {
  if (flushing) return;
  flushing = true;
  try {
    for (;;) {
      const draft = drafts.value.find((one) => !one.failure);
      if (!draft) break;
      if (!(await deliver(draft))) break;
    }
  } finally {
    flushing = false;
  }
}

async function deliver(draft: Draft): Promise<boolean> {
  try {
    const message = await api.send(draft.conversation, {
      client_id: draft.client,
      text: draft.text,
      files: draft.files.map((file) => file.id),
    });
    picture.value = withOwn(picture.value, message);
    drafts.value = drafts.value.filter((one) => one.client !== draft.client);
    return true;
  } catch (failure) {
    const problem = failure instanceof Problem ? failure : new Problem(0, String(failure));
    if (problem.status === 0 || problem.status >= 500) {
      setTimeout(() => void flush(), 3_000);
      return false;
    }
    drafts.value = drafts.value.map((one) =>
      one.client === draft.client ? { ...one, failure: sentence(problem.detail) } : one,
    );
    return true;
  }
}

/// Sends what is written in a conversation: the edit when there is one, else the answer.
export function submit(conversation: number): void {
  const { text, files, uploading, edit } = writingIn(conversation);
  if (edit) {
    void saveEdit(conversation, edit.message, edit.text);
    return;
  }
  if (uploading > 0 || (text.trim() === '' && files.length === 0) || excess(text) > 0) return;
  const answer = takeAnswer(conversation);
  send(conversation, answer.text, answer.files);
}

/// The operator's words stay in the box until the portal has them.
async function saveEdit(conversation: number, message: number, text: string): Promise<void> {
  if (text.trim() === '' || excess(text) > 0 || writingIn(conversation).edit?.saving) return;
  holdEdit(conversation, message, true);
  try {
    await api.edit(conversation, message, text);
    endEdit(conversation, message);
  } catch (failure) {
    holdEdit(conversation, message, false);
    report(failure);
  }
}

/// Uploads go on when another conversation is opened, and land where they were chosen.
export async function attach(conversation: number, list: File[]): Promise<void> {
  write(conversation, (now) => ({ ...now, uploading: now.uploading + list.length }));
  for (const file of list) {
    try {
      const { id, name, size } = await api.upload(file);
      write(conversation, (now) => ({ ...now, files: [...now.files, { id, name, size }] }));
    } catch (failure) {
      report(failure);
    } finally {
      write(conversation, (now) => ({ ...now, uploading: now.uploading - 1 }));
    }
  }
}

function send(conversation: number, text: string, files: Draft['files']): void {
  const client = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
  drafts.value = [...drafts.value, { client, conversation, text, files }];
  void flush();
}

export function retry(client: string): void {
  drafts.value = drafts.value.map((one) => {
    if (one.client !== client) return one;
    const { failure: _, ...again } = one;
    return again;
  });
  void flush();
}

export function discard(client: string): void {
  drafts.value = drafts.value.filter((one) => one.client !== client);
}
