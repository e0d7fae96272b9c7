import { useEffect, useRef } from 'preact/hooks';
import { shortTime } from './format';
import type { Conversation } from './model';
import { conversations, left, open, selected, typists } from './state';
import { writings } from './writing';

export function Avatar({ conversation }: { conversation: Conversation }) {
  const letter = Array.from(conversation.name.trim())[0]?.toUpperCase() ?? '?';
  return (
    <span class={`avatar hue${conversation.id % 6}`} aria-hidden="true">
      {letter}
      {conversation.customer.avatar && (
        <img
          src={conversation.customer.avatar}
          alt=""
          loading="lazy"
          onError={(event) => {
            event.currentTarget.hidden = true;
          }}
        />
      )}
    </span>
  );
}

function Item({ conversation }: { conversation: Conversation }) {
  const typist = typists.value.get(conversation.id);
  const current = selected.value === conversation.id;
  const waiting = current ? undefined : writings.value.get(conversation.id);
  const begun = waiting && (waiting.text.trim() || waiting.files[0]?.name || waiting.edit?.text);
  const button = useRef<HTMLButtonElement>(null);
  const returning = left.value === conversation.id && selected.value === 0;
  useEffect(() => {
    if (returning) button.current?.focus();
  }, [returning]);
  return (
    <li>
      <button
        ref={button}
        type="button"
        class="item"
        aria-current={current ? 'true' : undefined}
        data-testid="conversation-item"
        data-conversation={conversation.id}
        data-external={conversation.external}
        onClick={() => open(conversation.id)}
      >
        <Avatar conversation={conversation} />
        <span class="item-main">
          <span class="item-name" dir="auto">
            {conversation.name}
          </span>
          <span class="item-last" dir="auto" data-testid="conversation-last">
            {typist ? (
              <em>typing…</em>
            ) : begun ? (
              <>
                <span class="begun">Draft:</span> {begun}
              </>
            ) : (
              conversation.last_text || 'No messages yet'
            )}
          </span>
        </span>
        <span class="item-side">
          <time dateTime={conversation.last_time}>{shortTime(conversation.last_time, new Date())}</time>
          {conversation.unread > 0 && (
            <span class="unread" data-testid="unread">
              {conversation.unread}
              <span class="hidden"> unread</span>
            </span>
          )}
          <span class="badge">{conversation.connector}</span>
        </span>
      </button>
    </li>
  );
}

export function List() {
  return (
    <nav class="list" aria-label="Conversations">
      <ul data-testid="conversation-list">
        {conversations.value.map((conversation) => (
          <Item key={conversation.id} conversation={conversation} />
        ))}
      </ul>
      {conversations.value.length === 0 && (
        <p class="hint">No conversations yet. They appear here as soon as a customer writes.</p>
      )}
    </nav>
  );
}
