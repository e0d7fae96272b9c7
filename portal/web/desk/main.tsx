import { effect } from '@preact/signals';
import { render } from 'preact';
import { App } from './app';
import { load, markSeen, unread } from './state';

const root = document.getElementById('desk');
if (root) render(<App />, root);
document.addEventListener('visibilitychange', markSeen);
effect(() => {
  document.title = unread.value > 0 ? `(${unread.value}) Trunkline desk` : 'Trunkline desk';
});
void load();
