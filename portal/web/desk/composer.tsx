import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from './api';
import { sizeOf } from './format';
import type { Draft } from './model';
import { editing, report, selected, send } from './state';

const typingEvery = 5_000;

/// Mounted anew for every conversation, so that half an answer never reaches somebody else.
export function Composer() {
  const [text, setText] = useState('');
  const [files, setFiles] = useState<Array<Draft['files'][number] & { size: number }>>([]);
  const [uploading, setUploading] = useState(0);
  const input = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const typed = useRef(0);
  const edited = editing.value;

  useEffect(() => {
    if (edited) setText(edited.body.text ?? '');
    input.current?.focus();
  }, [edited]);

  useEffect(() => {
    const area = input.current;
    if (!area) return;
    area.rows = Math.min(8, Math.max(1, text.split('\n').length));
  }, [text]);

  const ready = uploading === 0 && (text.trim() !== '' || (files.length > 0 && !edited));

  function submit(): void {
    if (!ready) return;
    if (edited) {
      api.edit(edited.conversation, edited.id, text).catch(report);
      editing.value = undefined;
    } else {
      send(text, files);
      setFiles([]);
    }
    setText('');
    typed.current = 0;
    input.current?.focus();
  }

  function cancel(): void {
    editing.value = undefined;
    setText('');
  }

  async function attach(list: FileList | null): Promise<void> {
    for (const file of Array.from(list ?? [])) {
      setUploading((count) => count + 1);
      try {
        const kept = await api.upload(file);
        setFiles((known) => [...known, kept]);
      } catch (failure) {
        report(failure);
      } finally {
        setUploading((count) => count - 1);
      }
    }
    if (picker.current) picker.current.value = '';
  }

  function changed(value: string): void {
    setText(value);
    const now = Date.now();
    if (value !== '' && !edited && now - typed.current > typingEvery) {
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
        submit();
      }}
    >
      {edited && (
        <p class="composing-note">
          Editing a sent message
          <button type="button" onClick={cancel}>
            Cancel
          </button>
        </p>
      )}
      {(files.length > 0 || uploading > 0) && (
        <ul class="files" aria-label="Attached files">
          {files.map((file) => (
            <li key={file.id} data-testid="attached-file">
              <bdi>{file.name}</bdi> {sizeOf(file.size)}
              <button
                type="button"
                aria-label={`Remove ${file.name}`}
                onClick={() => setFiles((known) => known.filter((one) => one.id !== file.id))}
              >
                ×
              </button>
            </li>
          ))}
          {uploading > 0 && <li>Uploading…</li>}
        </ul>
      )}
      <div class="composer-row">
        <label class="attach" title="Attach a file">
          <span class="hidden">Attach a file</span>
          <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
            <path d="M14.5 9.5l-5 5a3 3 0 0 1-4.3-4.3l6.3-6.2a2 2 0 0 1 2.9 2.8l-6 6a1 1 0 0 1-1.5-1.3l4.6-4.7" />
          </svg>
          <input
            ref={picker}
            type="file"
            multiple
            data-testid="file-input"
            disabled={edited !== undefined}
            onChange={(event) => void attach(event.currentTarget.files)}
          />
        </label>
        <label class="grow">
          <span class="hidden">Your answer</span>
          <textarea
            ref={input}
            rows={1}
            value={text}
            dir="auto"
            placeholder="Write an answer"
            maxLength={16_000}
            data-testid="composer-input"
            onInput={(event) => changed(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape' && edited) cancel();
              if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
              event.preventDefault();
              submit();
            }}
          />
        </label>
        <button type="submit" class="send" disabled={!ready} data-testid="send-button">
          {edited ? 'Save' : 'Send'}
        </button>
      </div>
    </form>
  );
}
