// Words, times and sizes as people read them.
import type { Detail } from './model';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const fullDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

function parsed(time: string): Date | undefined {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

export function timeOf(time: string): string {
  const date = parsed(time);
  return date ? clock.format(date) : '';
}

export function fullTime(time: string): string {
  const date = parsed(time);
  return date ? full.format(date) : '';
}

export function dayOf(time: string): string {
  const date = parsed(time);
  return date ? fullDay.format(date) : '';
}

export function shortTime(time: string, now: Date): string {
  const date = parsed(time);
  if (!date) return '';
  return date.toDateString() === now.toDateString() ? clock.format(date) : day.format(date);
}

export function sizeOf(bytes: number | undefined): string {
  if (!bytes || bytes < 0) return '';
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

export function durationOf(seconds: number | undefined): string {
  if (!seconds || seconds < 0) return '';
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}

export type Mark = 'clock' | 'tick' | 'ticks' | 'read' | 'cross' | 'question';

/// The sign and the words for a delivery state. A state nobody here knows is on its way.
export function stateOf(state: string, detail: Detail): { mark: Mark; words: string } {
  switch (state) {
    case 'sending':
      return { mark: 'clock', words: 'Sending' };
    case 'saved':
      return { mark: 'clock', words: 'Saved, waiting for the host' };
    case 'accepted':
      return { mark: 'clock', words: 'Accepted by the host' };
    case 'delayed':
      return { mark: 'clock', words: detail.until ? `Goes out at ${timeOf(detail.until)}` : 'Delayed' };
    case 'sent':
      return { mark: 'tick', words: 'Sent' };
    case 'delivered':
      return { mark: 'ticks', words: 'Delivered' };
    case 'read':
      return { mark: 'read', words: 'Read' };
    case 'failed':
      return { mark: 'cross', words: 'Not sent' };
    case 'unknown':
      return { mark: 'question', words: 'May have arrived' };
    default:
      return { mark: 'clock', words: state };
  }
}

/// A program's words ("the file is gone") as a sentence for people.
export function sentence(words: string): string {
  const text = words.trim();
  if (text === '') return '';
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? '' : '.');
}

const reasons: Record<string, string> = {
  conversation_not_started: 'The customer has not opened this conversation.',
  expired: 'Not sent before its time ran out.',
  too_large: 'The file is too large.',
};

export function reasonOf(detail: Detail): string {
  const error = detail.error;
  if (!error) return '';
  return sentence(error.message ?? '') || reasons[error.code ?? ''] || error.code || '';
}

const actions: Record<string, string> = {
  joined: 'joined the conversation',
  left: 'left the conversation',
  blocked: 'blocked this channel',
  unblocked: 'unblocked this channel',
};

export function actionOf(action: string): string {
  return actions[action] ?? action;
}

export function changesOf(detail: Detail): string[] {
  return (detail.changes ?? []).map((change) =>
    typeof change === 'string' ? change : [change.what, change.how].filter(Boolean).join(': '),
  );
}
