import { Chat } from './chat';
import { GapBanners } from './gaps';
import { List } from './list';
import { accountTroubles } from './merge';
import { backlog, connected, picture, portal, ready, selected, spoken, trouble } from './state';

function Banners() {
  const waiting = Object.values(backlog.value).reduce((sum, lane) => sum + (lane.count ?? 0), 0);
  return (
    <div class="banners">
      {!connected.value && (
        <p class="banner warn" role="status" data-testid="connection-bar">
          <span>Connection lost, retrying. What you send leaves as soon as it is back.</span>
        </p>
      )}
      {trouble.value && (
        <p class="banner bad" role="alert" data-testid="trouble">
          <span>{trouble.value}</span>
          <button
            type="button"
            onClick={() => {
              trouble.value = '';
            }}
          >
            Dismiss
          </button>
        </p>
      )}
      <GapBanners />
      {accountTroubles(picture.value.notices).map((notice) => (
        <p key={notice.id} class="banner warn" data-testid="notice-banner">
          <span>
            <bdi>{notice.account?.account}</bdi>:{' '}
            {notice.account?.text || notice.text || notice.account?.state} {notice.account?.action}
          </span>
        </p>
      ))}
      {waiting > 0 && (
        <p class="banner" data-testid="backlog-banner">
          <span>Catching up: {waiting} more events are waiting at the host.</span>
        </p>
      )}
    </div>
  );
}

export function App() {
  return (
    <div class={`desk ${selected.value ? 'open' : 'closed'}`}>
      <header class="top">
        <span class="brand">Trunkline</span>
        <span class="portal">{portal.value}</span>
        <span class={`live ${connected.value ? 'on' : 'off'}`} data-testid="live">
          {connected.value ? 'live' : 'offline'}
        </span>
      </header>
      <Banners />
      <div class="rooms">
        {ready.value ? <List /> : <p class="hint">Loading…</p>}
        <Chat />
      </div>
      <p class="hidden" role="status" aria-live="polite">
        {spoken.value}
      </p>
    </div>
  );
}
