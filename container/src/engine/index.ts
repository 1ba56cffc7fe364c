/** The engine: texts in, logits out; tokenizer, admission, batch planner and inference processes behind it. */
export { BLANK_LOGIT, isBlank } from './blank.js';
export {
  createEngine,
  type Engine,
  type EngineSettings,
  type ScoreOptions,
  type ScoreRequest,
  type Scores,
  type Timings,
} from './engine.js';
export { planMemory } from './memory-plan.js';
export { TRUNCATE_RIGHT, type Truncation } from './truncation.js';
