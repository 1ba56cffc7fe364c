/** What runs inside the endpoint: the server, its settings, and the engine for use without HTTP. */
import { existsSync } from 'node:fs';
import path from 'node:path';

export {
  createEngine,
  type Engine,
  type EngineSettings,
  type ScoreOptions,
  type ScoreRequest,
  type Scores,
} from './engine';
export { ERRORS, RequestError, type ErrorCode, type ErrorRow } from './errors';
export { createLogger, type Logger } from './log';
export { startServer, type RunningServer } from './server';
export {
  flagOf,
  NUMBER_SETTINGS,
  resolveSettings,
  SettingsError,
  type NumberSettingName,
  type SettingOverrides,
  type Settings,
} from './settings';

/** File to run with Node for a server in a process of its own: `node FILE serve [flags]`. */
export function containerEntry(): string {
  const built = path.join(__dirname, 'main.js');
  return existsSync(built) ? built : path.resolve(__dirname, '..', 'dist', 'container', 'main.js');
}
