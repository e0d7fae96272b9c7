import { render } from 'preact';
import { App } from './app';
import { load, markSeen } from './state';

const root = document.getElementById('desk');
if (root) render(<App />, root);
document.addEventListener('visibilitychange', markSeen);
void load();
