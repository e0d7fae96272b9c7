// Text with marks becomes pieces with the marks that apply to each. Offsets count Unicode code points.
import type { Span } from './model';

export interface Piece {
  text: string;
  marks: Span[];
}

export function pieces(text: string, spans: Span[] | undefined): Piece[] {
  const points = Array.from(text);
  const marks = (spans ?? [])
    .map((span) => ({
      ...span,
      offset: Math.max(0, Math.trunc(span.offset) || 0),
      length: Math.max(0, Math.trunc(span.length) || 0),
    }))
    .filter((span) => span.length > 0 && span.offset < points.length);
  if (marks.length === 0) return text === '' ? [] : [{ text, marks: [] }];
  const cuts = new Set([0, points.length]);
  for (const mark of marks) {
    cuts.add(mark.offset);
    cuts.add(Math.min(points.length, mark.offset + mark.length));
  }
  const sorted = [...cuts].sort((a, b) => a - b);
  const out: Piece[] = [];
  for (let at = 0; at + 1 < sorted.length; at += 1) {
    const from = sorted[at] ?? 0;
    const to = sorted[at + 1] ?? 0;
    const active = marks.filter((mark) => mark.offset <= from && mark.offset + mark.length >= to);
    // Long before short, so that the outer mark is the outer element.
    active.sort((a, b) => b.length - a.length);
    out.push({ text: points.slice(from, to).join(''), marks: active });
  }
  return out;
}

/// An address a click may follow; anything else (javascript:, data:) is text.
export function safeLink(address: string | undefined): string | undefined {
  if (!address) return undefined;
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:/i.test(address) ? address : `https://${address}`);
    return ['http:', 'https:', 'mailto:', 'tel:'].includes(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}
