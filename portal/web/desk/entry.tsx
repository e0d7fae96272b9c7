import { useState } from 'preact/hooks';
import { api } from './api';
import {
  actionOf,
  changesOf,
  durationOf,
  fullTime,
  type Mark,
  reasonOf,
  sizeOf,
  stateOf,
  timeOf,
} from './format';
import type { Attachment, Body, Detail, Message } from './model';
import { safeLink } from './spans';
import { report } from './state';
import { RichText } from './text';
import { startEdit } from './writing';

const strokes: Record<Mark, string> = {
  clock: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3l2 1.5',
  tick: 'M3.5 8.5l3 3 6-7',
  ticks: 'M1.5 8.5l3 3 6-7M7.5 11l.8.5 6-7',
  // An eye: told apart from two ticks without its colour.
  read: 'M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8M8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6',
  cross: 'M4 4l8 8M12 4l-8 8',
  question: 'M5.5 6a2.5 2.5 0 1 1 3.4 2.3c-.6.3-.9.7-.9 1.5M8 12.3v.4',
};

export function StateMark({ state, detail }: { state: string; detail: Detail }) {
  const { mark, words } = stateOf(state, detail);
  return (
    <span
      class={`mark ${mark}`}
      role="img"
      aria-label={words}
      title={words}
      data-testid="state-mark"
      data-state={state}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={strokes[mark]} />
      </svg>
    </span>
  );
}

function FileLink({ file, url }: { file: Attachment; url: string }) {
  return (
    <a class="file" href={url} download={file.name || true} data-testid="attachment-file">
      <span class="file-name" dir="auto">
        {file.name || file.kind}
      </span>
      <span class="file-size">{sizeOf(file.size)}</span>
    </a>
  );
}

function Shown({ file }: { file: Attachment }) {
  const [broken, setBroken] = useState(false);
  if (!file.url) return <p class="missing">[{file.kind}] not available</p>;
  if (file.kind === 'link') {
    const href = safeLink(file.url);
    return href ? (
      <a href={href} target="_blank" rel="noopener noreferrer">
        {file.name || file.url}
      </a>
    ) : (
      <p>{file.url}</p>
    );
  }
  const mime = file.mime ?? '';
  const picture =
    ['image', 'sticker'].includes(file.kind) || (file.kind === 'animation' && mime.startsWith('image/'));
  if (picture && !broken) {
    return (
      <a href={file.url} target="_blank" rel="noopener noreferrer" data-testid="attachment-image">
        <img
          class={file.kind}
          src={file.url}
          alt={file.name || file.kind}
          loading="lazy"
          onError={() => setBroken(true)}
        />
      </a>
    );
  }
  if (['audio', 'voice'].includes(file.kind)) {
    return (
      <figure class="sound" data-testid="attachment-audio">
        {/* biome-ignore lint/a11y/useMediaCaption: customers' recordings come without captions */}
        <audio controls preload="metadata" src={file.url} />
        <figcaption>
          {file.name || (file.kind === 'voice' ? 'Voice message' : 'Audio')} {durationOf(file.duration)}
        </figcaption>
      </figure>
    );
  }
  if (['video', 'video_note', 'animation'].includes(file.kind)) {
    return (
      // biome-ignore lint/a11y/useMediaCaption: customers' films come without captions
      <video class={file.kind} controls preload="metadata" src={file.url} aria-label={file.name || 'Video'} />
    );
  }
  return <FileLink file={file} url={file.url} />;
}

function Extras({ body }: { body: Body }) {
  const { location, contact, product } = body;
  const map =
    location?.latitude !== undefined && location.longitude !== undefined
      ? `https://www.openstreetmap.org/?mlat=${location.latitude}&mlon=${location.longitude}#map=16/${location.latitude}/${location.longitude}`
      : undefined;
  return (
    <>
      {location && (
        <p class="extra">
          <span class="label">Location</span> {[location.title, location.address].filter(Boolean).join(', ')}{' '}
          {map && (
            <a href={map} target="_blank" rel="noopener noreferrer">
              {location.latitude}, {location.longitude}
            </a>
          )}
        </p>
      )}
      {contact && (
        <p class="extra">
          <span class="label">Contact</span> <bdi>{contact.name}</bdi>{' '}
          {contact.phone && <a href={`tel:${contact.phone}`}>{contact.phone}</a>} {contact.email}
        </p>
      )}
      {product && (
        <p class="extra">
          <span class="label">Product</span> <bdi>{product.title}</bdi> {product.price} {product.currency}
        </p>
      )}
    </>
  );
}

export function Content({ body }: { body: Body }) {
  return (
    <>
      {body.forwarded_from && <p class="forwarded">Forwarded from {body.forwarded_from.name || 'someone'}</p>}
      {body.reply_to && (
        <blockquote class="reply" dir="auto">
          {body.reply_to.text || 'An earlier message'}
        </blockquote>
      )}
      {(body.attachments ?? []).map((file, index) => (
        <Shown key={index} file={file} />
      ))}
      <Extras body={body} />
      {body.text ? <RichText text={body.text} spans={body.spans} /> : null}
      {body.buttons && (
        <p class="buttons">
          {body.buttons.flat().map((button, index) => (
            <span class="button" key={index}>
              {button.text}
            </span>
          ))}
        </p>
      )}
    </>
  );
}

function Actions({ message }: { message: Message }) {
  const [asking, ask] = useState(false);
  if (!message.own || message.deleted || !['sent', 'delivered', 'read'].includes(message.state)) return null;
  if (asking) {
    return (
      <span class="actions asking">
        Delete for everyone?
        <button
          type="button"
          data-testid="confirm-delete"
          onClick={() =>
            api
              .remove(message.conversation, message.id)
              .catch(report)
              .finally(() => ask(false))
          }
        >
          Delete
        </button>
        <button type="button" onClick={() => ask(false)}>
          Keep
        </button>
      </span>
    );
  }
  return (
    <span class="actions">
      {message.body.text && (
        <button type="button" data-testid="edit-message" onClick={() => startEdit(message)}>
          Edit
        </button>
      )}
      <button type="button" data-testid="delete-message" onClick={() => ask(true)}>
        Delete
      </button>
    </span>
  );
}

function Pending({ message }: { message: Message }) {
  const pending = message.pending;
  if (!pending) return null;
  const what = pending.type === 'edit' ? 'Edit' : 'Deletion';
  const lost = pending.state === 'failed' || pending.state === 'unknown';
  return (
    <p class={lost ? 'problem' : 'note'}>
      {lost ? `${what} failed. ${reasonOf(pending.detail)}` : `${what} on its way…`}
    </p>
  );
}

function EventLine({ message }: { message: Message }) {
  const who = message.sender.name || 'The customer';
  if (message.kind === 'callback') {
    const button = message.body.button;
    return (
      <li class="event" data-testid="callback-line" data-message={message.id}>
        <bdi>{who}</bdi> pressed “<bdi>{button?.text || button?.payload || button?.id}</bdi>” ·{' '}
        {timeOf(message.time)}
      </li>
    );
  }
  const member = message.body.who;
  const name = (typeof member === 'string' ? member : member?.name) || who;
  return (
    <li class="event" data-testid="event-line" data-message={message.id}>
      <bdi>{name}</bdi> {actionOf(message.body.action || message.kind)} · {timeOf(message.time)}
    </li>
  );
}

/// What the messenger could not carry as it was meant; the words are a press away, for every kind of input.
function Differences({ changes, id }: { changes: string[]; id: string }) {
  const [shown, show] = useState(false);
  return (
    <>
      <button
        type="button"
        class="differences"
        aria-expanded={shown}
        aria-controls={id}
        data-testid="differences"
        onClick={() => show(!shown)}
      >
        shown differently
      </button>
      <ul class="note differences-list" id={id} hidden={!shown} data-testid="differences-list">
        {changes.map((change) => (
          <li key={change}>{change}</li>
        ))}
      </ul>
    </>
  );
}

export function Entry({ message, group }: { message: Message; group: boolean }) {
  if (message.kind === 'callback' || message.kind === 'member') return <EventLine message={message} />;
  const side = message.outgoing ? 'out' : 'in';
  const changes = changesOf(message.detail);
  const lost = message.state === 'failed' || message.state === 'unknown';
  return (
    <li
      class={`entry ${side}`}
      data-testid="message"
      data-message={message.id}
      data-outgoing={message.outgoing}
      data-kind={message.kind}
    >
      <div class={`bubble${message.deleted ? ' deleted' : ''}${message.state === 'failed' ? ' failed' : ''}`}>
        {!message.outgoing && group && (
          <p class="sender" dir="auto">
            {message.sender.name}
          </p>
        )}
        {message.outgoing && !message.own && <p class="sender">Answered in the messenger</p>}
        {message.kind === 'unsupported' && (
          <p class="note">
            A message that cannot be shown yet{message.body.reason ? `: ${message.body.reason}` : ''}
          </p>
        )}
        {message.deleted ? <p class="note">This message was deleted</p> : <Content body={message.body} />}
        {message.reactions.length > 0 && (
          <p class="reactions">
            {message.reactions.map((one) => (
              <span key={one.emoji}>
                {one.emoji} {one.count > 1 ? one.count : ''}
              </span>
            ))}
          </p>
        )}
        <div class="meta">
          <Actions message={message} />
          {message.late && <span>history</span>}
          {message.edits > 0 && !message.deleted && <span data-testid="edited">edited</span>}
          {changes.length > 0 && <Differences changes={changes} id={`differences-${message.id}`} />}
          <time dateTime={message.time} title={fullTime(message.time)}>
            {timeOf(message.time)}
          </time>
          {message.outgoing && message.state && <StateMark state={message.state} detail={message.detail} />}
        </div>
        {lost && (
          <p class="problem" data-testid="failure-reason">
            {message.state === 'unknown' ? 'It may have arrived; it was not sent again. ' : 'Not sent. '}
            {reasonOf(message.detail)}
          </p>
        )}
        <Pending message={message} />
      </div>
    </li>
  );
}
