// What is being written, per conversation: it survives a look into another one, and an edit does not cost it.
import { signal } from '@preact/signals';
import type { Message, Writing } from './model';

export const writings = signal<Map<number, Writing>>(new Map());

const nothing: Writing = { text: '', files: [], uploading: 0 };

export function writingIn(conversation: number): Writing {
  return writings.value.get(conversation) ?? nothing;
}

/// `change` is given what is there and gives what replaces it.
export function write(conversation: number, change: (now: Writing) => Writing): void {
  const next = new Map(writings.value);
  const writing = change(writingIn(conversation));
  if (writing.text === '' && writing.files.length === 0 && writing.uploading === 0 && !writing.edit) {
    next.delete(conversation);
  } else {
    next.set(conversation, writing);
  }
  writings.value = next;
}

/// The text in the box: of the edit while there is one, else of the answer.
export function setText(conversation: number, text: string): void {
  write(conversation, (now) => (now.edit ? { ...now, edit: { ...now.edit, text } } : { ...now, text }));
}

export function startEdit(message: Message): void {
  write(message.conversation, (now) => ({
    ...now,
    edit: { message: message.id, text: message.body.text ?? '', saving: false },
  }));
}

/// Ends the edit of `message`, and no other: what was written before is in the box again.
export function endEdit(conversation: number, message: number): void {
  write(conversation, (now) => {
    if (now.edit?.message !== message) return now;
    const { edit: _, ...rest } = now;
    return rest;
  });
}

/// While the portal is asked, the edit can neither be changed nor sent again.
export function holdEdit(conversation: number, message: number, saving: boolean): void {
  write(conversation, (now) =>
    now.edit?.message === message ? { ...now, edit: { ...now.edit, saving } } : now,
  );
}

/// Takes the answer out, to be sent.
export function takeAnswer(conversation: number): Pick<Writing, 'text' | 'files'> {
  const { text, files } = writingIn(conversation);
  write(conversation, (now) => ({ ...now, text: '', files: [] }));
  return { text, files };
}

/// What the wire takes in one text, in Unicode code points.
export const textMax = 65_536;

/// How many code points `text` is too long by; 0 when it fits.
export function excess(text: string): number {
  if (text.length <= textMax) return 0;
  let points = 0;
  for (const _ of text) points += 1;
  return Math.max(0, points - textMax);
}
