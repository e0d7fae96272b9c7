import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { Gap } from './model';
import { picture } from './state';

const shownAtOnce = 3;

export function gapWords(gap: Gap): string {
  const count = gap.through - gap.from + 1;
  const what = count === 1 ? `Event ${gap.from} is missing` : `Events ${gap.from}–${gap.through} are missing`;
  return gap.explained ? `${what}: ${gap.reason || 'given up on'}` : `${what}; the host has not said why`;
}

/// A hole that has grown since is news again.
export function keyOf(gap: Gap): string {
  return `${gap.lane}/${gap.epoch}/${gap.from}-${gap.through}`;
}

const dismissed = signal<ReadonlySet<string>>(new Set());

function dismiss(gaps: Gap[]): void {
  dismissed.value = new Set([...dismissed.value, ...gaps.map(keyOf)]);
}

/// Holes nobody has explained, newest first. Dismissing one takes the banner away, never the line in the timelines.
export function GapBanners() {
  const [all, showAll] = useState(false);
  const holes = picture.value.gaps
    .filter((gap) => !gap.explained && !dismissed.value.has(keyOf(gap)))
    .sort((a, b) => b.placed - a.placed);
  const shown = all ? holes : holes.slice(0, shownAtOnce);
  const more = holes.length - shown.length;
  return (
    <>
      {shown.map((gap) => (
        <p key={keyOf(gap)} class="banner bad" data-testid="gap-banner">
          <span>
            {gapWords(gap)} (lane {gap.lane}).
          </span>
          <button
            type="button"
            aria-label={`Dismiss: ${gapWords(gap)}`}
            data-testid="gap-dismiss"
            onClick={() => dismiss([gap])}
          >
            Dismiss
          </button>
        </p>
      ))}
      {holes.length > shownAtOnce && (
        <p class="banner bad" data-testid="gap-more">
          <span>
            {more > 0
              ? `${more} more ${more === 1 ? 'gap' : 'gaps'} in what came from the host.`
              : `${holes.length} gaps.`}
          </span>
          <button type="button" aria-expanded={all} onClick={() => showAll(!all)}>
            {all ? 'Show fewer' : 'Show all'}
          </button>
          <button type="button" onClick={() => dismiss(holes)}>
            Dismiss all
          </button>
        </p>
      )}
    </>
  );
}
