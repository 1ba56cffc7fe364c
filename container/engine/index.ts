/** The engine: texts in, logits out; tokenizer, admission, batch planner and inference processes behind it. */
export {
  createEngine,
  type Engine,
  type EngineSettings,
  type ScoreOptions,
  type ScoreRequest,
  type Scores,
} from './engine';
export { planMemory } from './memory-plan';
export { TRUNCATE_RIGHT, type Truncation } from './truncation';
