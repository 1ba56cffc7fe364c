/** Whether a model directory is what it says, and how its logits, speed and memory compare with its source's. */
export { compareModels, type Comparison } from './verify/compare.js';
export { fidelity, kendallTau, type Fidelity } from './verify/fidelity.js';
export { compareWithSource } from './verify/compare-with-source.js';
export { runBatches, type BatchRun, type BatchRuns } from './verify/run-batches.js';
export { buildTuned, KEEPS, type TunedBuild, type TunedBuildOptions } from './tune/build.js';
export { packagedSamples, readSamples, type SampleGroup } from './tune/samples.js';
export { tuneQuantization, type Tuning } from './tune/tune.js';
export { verifyModel, type Check, type Verification } from './verify/verify.js';
