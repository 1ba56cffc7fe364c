/** Trains a student on the scores of teachers: one config from a corpus to a model directory. */
export { readDistilConfig } from './config.js';
export { EncodedGroups } from './data/groups.js';
export type { Aside, Progress } from './distil.js';
export { gatherTexts } from './gather/files.js';
export { gatherSources, readSources } from './gather/sources.js';
export { initialStudent } from './initial.js';
export { runDistillation } from './pipeline.js';
export { readRecipe, type Recipe } from './recipe.js';
export { assemble, sampleStep } from './sampler.js';
export { connectTeacher } from './train/connect-teacher.js';
export { train } from './train/train.js';
export { Trainer } from './trainer.js';
