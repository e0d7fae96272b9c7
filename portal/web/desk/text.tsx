import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Span } from './model';
import { pieces, safeLink } from './spans';

function Spoiler({ children }: { children: ComponentChildren }) {
  const [shown, show] = useState(false);
  if (shown) return <span class="spoiler shown">{children}</span>;
  return (
    <button type="button" class="spoiler" aria-label="Show hidden text" onClick={() => show(true)}>
      {children}
    </button>
  );
}

function wrap(mark: Span, text: string, inner: ComponentChildren): ComponentChildren {
  switch (mark.type) {
    case 'bold':
      return <strong>{inner}</strong>;
    case 'italic':
      return <em>{inner}</em>;
    case 'underline':
      return <u>{inner}</u>;
    case 'strike':
      return <s>{inner}</s>;
    case 'code':
      return <code>{inner}</code>;
    case 'pre':
      return <code class="pre">{inner}</code>;
    case 'quote':
      return <q class="quote">{inner}</q>;
    case 'spoiler':
      return <Spoiler>{inner}</Spoiler>;
    case 'mention':
      return <span class="mention">{inner}</span>;
    case 'link': {
      const href = safeLink(mark.url || text);
      return href ? (
        <a href={href} target="_blank" rel="noopener noreferrer">
          {inner}
        </a>
      ) : (
        inner
      );
    }
    default:
      return inner;
  }
}

export function RichText({ text, spans }: { text: string; spans?: Span[] | undefined }) {
  return (
    <p class="text" dir="auto">
      {pieces(text, spans).map((piece, index) => (
        <span key={index}>
          {piece.marks.reduceRight<ComponentChildren>(
            (inner, mark) => wrap(mark, piece.text, inner),
            piece.text,
          )}
        </span>
      ))}
    </p>
  );
}
