import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { api } from './api';
import { sizeOf } from './format';
import type { Writing } from './model';
import { attach, selected, submit } from './state';
import { endEdit, excess, setText, textMax, write, writingIn } from './writing';

const typingEvery = 5_000;
const linesMax = 8;

/// As tall as its text, wrapped lines counted, up to eight lines; then it scrolls.
function grow(area: HTMLTextAreaElement): void {
  const style = getComputedStyle(area);
  const borders = area.offsetHeight - area.clientHeight;
  const padding = Number.parseFloat(style.paddingTop) + Number.parseFloat(style.paddingBottom);
  const most = linesMax * Number.parseFloat(style.lineHeight) + padding + borders;
  area.style.height = 'auto';
  const wanted = area.scrollHeight + borders;
  area.style.height = `${Math.min(wanted, most)}px`;
  area.style.overflowY = wanted > most + 1 ? 'auto' : 'hidden';
}

function Files({ conversation, writing }: { conversation: number; writing: Writing }) {
  const { files, uploading } = writing;
  if (files.length === 0 && uploading === 0) return null;
  const remove = (id: string) =>
    write(conversation, (now) => ({ ...now, files: now.files.filter((one) => one.id !== id) }));
  return (
    <ul class="files" aria-label="Attached files">
      {files.map((file) => (
        <li key={file.id} data-testid="attached-file">
          <bdi>{file.name}</bdi> {sizeOf(file.size)}
          <button type="button" aria-label={`Remove ${file.name}`} onClick={() => remove(file.id)}>
            ×
          </button>
        </li>
      ))}
      {uploading > 0 && <li>Uploading…</li>}
    </ul>
  );
}

function Attach({ conversation, disabled }: { conversation: number; disabled: boolean }) {
  return (
    <label class="attach" title="Attach a file">
      <span class="hidden">Attach a file</span>
      <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
        <path d="M14.5 9.5l-5 5a3 3 0 0 1-4.3-4.3l6.3-6.2a2 2 0 0 1 2.9 2.8l-6 6a1 1 0 0 1-1.5-1.3l4.6-4.7" />
      </svg>
      <input
        type="file"
        multiple
        data-testid="file-input"
        disabled={disabled}
        onChange={(event) => {
          void attach(conversation, Array.from(event.currentTarget.files ?? []));
          event.currentTarget.value = '';
        }}
      />
    </label>
  );
}

/// Mounted anew for every conversation; what is written in each is kept in `writing`.
export function Composer({ conversation }: { conversation: number }) {
  const input = useRef<HTMLTextAreaElement>(null);
  const typed = useRef(0);
  const writing = writingIn(conversation);
  const { edit, files, uploading } = writing;
  const text = edit ? edit.text : writing.text;
  const over = excess(text);
  const something = text.trim() !== '' || (files.length > 0 && !edit);
  const ready = something && over === 0 && (edit ? !edit.saving : uploading === 0);

  useEffect(() => {
    const area = input.current;
    if (!area) return;
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
  }, [edit?.message]);

  useLayoutEffect(() => {
    if (input.current) grow(input.current);
  }, [text]);

  useEffect(() => {
    const again = () => input.current && grow(input.current);
    addEventListener('resize', again);
    return () => removeEventListener('resize', again);
  }, []);

  function go(): void {
    if (!ready) return;
    submit(conversation);
    typed.current = 0;
    input.current?.focus();
  }

  function changed(value: string): void {
    setText(conversation, value);
    const now = Date.now();
    if (value !== '' && !edit && now - typed.current > typingEvery) {
      typed.current = now;
      // Of no use later: a lost one is not repeated, and not worth a message.
      api.typing(selected.value, true).catch(() => undefined);
    }
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        go();
      }}
    >
      {edit && (
        <p class="composing-note" data-testid="editing">
          {edit.saving ? 'Saving the edit…' : 'Editing a sent message'}
          <button type="button" onClick={() => endEdit(conversation, edit.message)}>
            Cancel
          </button>
        </p>
      )}
      {!edit && <Files conversation={conversation} writing={writing} />}
      <p class="too-long" role="status" data-testid="too-long" hidden={over === 0}>
        {over > 0 &&
          `Too long by ${over.toLocaleString()}: a message takes ${textMax.toLocaleString()} characters. Shorten it or send it in parts.`}
      </p>
      <div class="composer-row">
        <Attach conversation={conversation} disabled={edit !== undefined} />
        <label class="grow">
          <span class="hidden">Your answer</span>
          <textarea
            ref={input}
            rows={1}
            value={text}
            dir="auto"
            placeholder="Write an answer"
            readOnly={edit?.saving ?? false}
            data-testid="composer-input"
            onInput={(event) => changed(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape' && edit) endEdit(conversation, edit.message);
              if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
              event.preventDefault();
              go();
            }}
          />
        </label>
        <button type="submit" class="send" disabled={!ready} data-testid="send-button">
          {edit ? 'Save' : 'Send'}
        </button>
      </div>
    </form>
  );
}
