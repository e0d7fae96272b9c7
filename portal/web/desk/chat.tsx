import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { Composer } from './composer';
import { Content, Entry, StateMark } from './entry';
import { dayOf, timeOf } from './format';
import { gapWords } from './gaps';
import { Avatar } from './list';
import type { Line } from './merge';
import type { Draft } from './model';
import {
  back,
  conversation,
  discard,
  drafts,
  lines,
  loadOlder,
  retry,
  selected,
  thread,
  typists,
} from './state';

function Row({ line, group }: { line: Line; group: boolean }) {
  if (line.type === 'message') return <Entry message={line.message} group={group} />;
  if (line.type === 'gap') {
    return (
      <li class="event gap" data-testid="gap-line" data-explained={line.gap.explained}>
        {gapWords(line.gap)} <span class="faint">(lane {line.gap.lane})</span>
      </li>
    );
  }
  return (
    <li class="event" data-testid="notice-line">
      {line.notice.text || line.notice.code} · {timeOf(line.notice.time)}
    </li>
  );
}

function OnItsWay({ draft }: { draft: Draft }) {
  return (
    <li class="entry out" data-testid="draft">
      <div class={`bubble${draft.failure ? ' failed' : ''}`}>
        <Content body={{ text: draft.text }} />
        {draft.files.map((file) => (
          <p key={file.id} class="file">
            <bdi>{file.name}</bdi>
          </p>
        ))}
        <p class="meta">
          <StateMark state={draft.failure ? 'failed' : 'sending'} detail={{}} />
        </p>
        {draft.failure && (
          <p class="problem">
            {draft.failure}
            <button type="button" onClick={() => retry(draft.client)}>
              Retry
            </button>
            <button type="button" onClick={() => discard(draft.client)}>
              Discard
            </button>
          </p>
        )}
      </div>
    </li>
  );
}

function Timeline() {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const height = useRef(0);
  const sent = useRef(0);
  const group = conversation.value?.kind !== 'direct';
  const waiting = drafts.value.filter((draft) => draft.conversation === selected.value);
  const count = lines.value.length + waiting.length;
  const newest = lines.value.at(-1)?.key;

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    // Whoever sends wants to see it go.
    if (waiting.length > sent.current) atEnd.current = true;
    sent.current = waiting.length;
    if (atEnd.current) element.scrollTop = element.scrollHeight;
    else if (height.current && element.scrollTop < 80)
      element.scrollTop += element.scrollHeight - height.current;
    height.current = element.scrollHeight;
  }, [count, newest, waiting.length]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    // Pictures that arrive later must not push the newest message out of sight.
    const observer = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);

  let day = '';
  return (
    <div
      class="timeline"
      ref={box}
      onScroll={(event) => {
        const element = event.currentTarget;
        atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 60;
      }}
    >
      <div class="timeline-inner">
        {thread.value?.more && (
          <p class="event">
            <button type="button" onClick={() => void loadOlder()} data-testid="load-older">
              Show earlier messages
            </button>
          </p>
        )}
        <ol data-testid="timeline" aria-label="Messages">
          {lines.value.map((line) => {
            const now = line.type === 'message' ? dayOf(line.message.time) : day;
            const fresh = now !== day;
            day = now;
            return [
              fresh && (
                <li key={`d${line.key}`} class="day">
                  {now}
                </li>
              ),
              <Row key={line.key} line={line} group={group} />,
            ];
          })}
          {waiting.map((draft) => (
            <OnItsWay key={draft.client} draft={draft} />
          ))}
        </ol>
      </div>
    </div>
  );
}

export function Chat() {
  const open = conversation.value;
  if (!open) return <main class="chat empty">Choose a conversation to read and answer.</main>;
  const typist = typists.value.get(open.id);
  const about = [
    open.customer.username && `@${open.customer.username}`,
    open.customer.phone,
    open.connector,
    open.line,
  ]
    .filter(Boolean)
    .join(' · ');
  return (
    <main class="chat" aria-label={`Conversation with ${open.name}`}>
      <header class="chat-head">
        <button type="button" class="back" onClick={back} aria-label="Back to the list">
          ‹
        </button>
        <Avatar conversation={open} />
        <div class="chat-who">
          <h1 dir="auto" data-testid="chat-name">
            {open.name}
          </h1>
          <p data-testid="typing-indicator" data-typing={typist !== undefined}>
            {typist ? 'typing…' : about}
          </p>
        </div>
      </header>
      <Timeline key={open.id} />
      <Composer key={`c${open.id}`} conversation={open.id} />
    </main>
  );
}
