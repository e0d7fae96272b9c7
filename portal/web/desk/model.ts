// What the portal's API gives. Unknown kinds and states are plain strings and are shown, never an error.

export interface Customer {
  name?: string;
  username?: string;
  avatar?: string;
  phone?: string;
  language?: string;
}

export interface Conversation {
  id: number;
  account: string;
  external: string;
  connector: string;
  line: string;
  kind: string;
  name: string;
  title: string;
  url: string;
  customer: Customer;
  last_text: string;
  last_time: string;
  placed: number;
  unread: number;
}

export interface Span {
  type: string;
  offset: number;
  length: number;
  url?: string;
}

export interface Attachment {
  kind: string;
  url?: string;
  name?: string;
  mime?: string;
  size?: number;
  width?: number;
  height?: number;
  duration?: number;
}

export interface Body {
  text?: string;
  spans?: Span[];
  attachments?: Attachment[];
  reply_to?: { id?: string; text?: string };
  forwarded_from?: { name?: string };
  location?: { latitude?: number; longitude?: number; title?: string; address?: string };
  contact?: { name?: string; phone?: string; email?: string };
  product?: { title?: string; text?: string; url?: string; price?: string; currency?: string };
  buttons?: Array<Array<{ text?: string; url?: string }>>;
  button?: { id?: string; text?: string; payload?: string };
  reason?: string;
  action?: string;
  who?: { name?: string } | string | null;
}

export interface Failure {
  code?: string;
  message?: string;
}

export interface Detail {
  error?: Failure;
  until?: string;
  changes?: Array<{ what?: string; how?: string } | string>;
}

export interface Message {
  id: number;
  conversation: number;
  placed: number;
  kind: string;
  outgoing: boolean;
  own: boolean;
  sender: Customer & { id?: string };
  body: Body;
  late: boolean;
  deleted: boolean;
  edits: number;
  state: string;
  detail: Detail;
  time: string;
  client: string;
  reactions: Array<{ emoji: string; count: number }>;
  pending?: { type: string; state: string; detail: Detail };
}

export interface Gap {
  id: number;
  lane: string;
  epoch: number;
  from: number;
  through: number;
  explained: boolean;
  reason: string;
  placed: number;
  seen: string;
}

export interface Notice {
  id: number;
  placed: number;
  time: string;
  code: string;
  text: string;
  conversation?: number;
  gap?: { from?: number; through?: number; count?: number; reason?: string };
  account?: { account?: string; state?: string; text?: string; action?: string; until?: string };
}

export interface Backlog {
  [lane: string]: { count?: number };
}

export interface Snapshot {
  rev: number;
  portal: string;
  conversations: Conversation[];
  gaps: Gap[];
  notices: Notice[];
  backlog: Backlog;
}

export interface MessagePage {
  rev: number;
  conversation: Conversation;
  messages: Message[];
  more: boolean;
}

export interface Change {
  rev: number;
  message?: Message;
  conversation?: Conversation;
  notices?: Notice[];
  gaps?: Gap[];
}

/// An answer on its way from this page to the portal.
export interface Draft {
  client: string;
  conversation: number;
  text: string;
  files: Array<{ id: string; name: string }>;
  failure?: string;
}

/// What an operator is writing in one conversation and has not sent.
export interface Writing {
  text: string;
  files: Array<{ id: string; name: string; size: number }>;
  uploading: number;
  /// The message being edited and its new text; the answer above waits meanwhile.
  edit?: { message: number; text: string; saving: boolean };
}
