/** What runs inside the endpoint: the server, its settings, and the engine for use without HTTP. */
export {
  createEngine,
  type Engine,
  type EngineSettings,
  type ScoreOptions,
  type ScoreRequest,
  type Scores,
} from './engine/index.js';
export { ERRORS, RequestError, type ErrorCode, type ErrorRow } from './errors.js';
export { memoryBytes, processors } from './limits.js';
export { createLogger, type Logger } from './log.js';
export { startServer, type RunningServer } from './server.js';
export {
  flagOf,
  NUMBER_SETTINGS,
  TEXT_SETTINGS,
  resolveSettings,
  SettingsError,
  type NumberSettingName,
  type SettingOverrides,
  type Settings,
} from './settings.js';
export { CONTAINER_ENVIRONMENT, CONTAINER_FLAGS, containerEntry } from './entry.js';
