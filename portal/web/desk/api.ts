// The portal's API. Every call ends as a value or as a Problem; a failed connection has status 0.
import type { Message, MessagePage, Snapshot } from './model';

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail);
  }
}

async function call<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch {
    throw new Problem(0, 'The portal cannot be reached.');
  }
  if (response.status === 204) return undefined as T;
  const body: unknown = await response.json().catch(() => ({}));
  if (!response.ok) {
    const detail = (body as { detail?: unknown }).detail;
    throw new Problem(response.status, typeof detail === 'string' ? detail : `Status ${response.status}`);
  }
  return body as T;
}

function json(method: string, body: unknown): RequestInit {
  return { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

const thread = (conversation: number) => `/api/conversations/${conversation}`;

export const api = {
  snapshot: () => call<Snapshot>('/api/conversations'),
  messages: (conversation: number, before = 0) =>
    call<MessagePage>(`${thread(conversation)}/messages${before ? `?before=${before}` : ''}`),
  send: (conversation: number, body: { client_id: string; text: string; files: string[] }) =>
    call<Message>(`${thread(conversation)}/messages`, json('POST', body)),
  edit: (conversation: number, message: number, text: string) =>
    call<Message>(`${thread(conversation)}/messages/${message}`, json('PUT', { text })),
  remove: (conversation: number, message: number) =>
    call<Message>(`${thread(conversation)}/messages/${message}`, json('DELETE', {})),
  typing: (conversation: number, on: boolean) =>
    call<void>(`${thread(conversation)}/typing`, json('POST', { on })),
  seen: (conversation: number) => call<void>(`${thread(conversation)}/read`, json('POST', {})),
  upload: (file: File) =>
    call<{ id: string; name: string; mime: string; size: number }>(
      `/api/files?name=${encodeURIComponent(file.name)}&mime=${encodeURIComponent(file.type)}`,
      { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: file },
    ),
};
