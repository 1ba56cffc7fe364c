import { packBatch } from '../batch.js';
import { InferenceProcess } from '../inference-process.js';
import type { Pair } from '../pair.js';
import { loadFault, LoadFailure, ProcessCrash } from '../process-errors.js';
import type { LoadMessage } from '../protocol.js';
import { ModelError } from '@sagemaker-reranker/models';

export interface BatchRun {
  readonly pairs: readonly Pair[];
  /** Pads the batch to this many tokens, if its longest pair has fewer. */
  readonly width?: number;
  /** Runs it so often; the median time counts. Default: 1. */
  readonly repeats?: number;
}

export interface BatchRuns {
  /** For each batch, the logit of each pair. */
  readonly logits: readonly (readonly number[])[];
  /** Median time of each batch. */
  readonly milliseconds: readonly number[];
  /** Largest resident memory above that of the empty process, the loaded model included. */
  readonly peakBytes: number;
  /** Resident memory of that empty process; together they are what the system sees. */
  readonly emptyBytes: number;
}

/**
 * Runs batches through an ONNX file in a fresh inference process, the container's own.
 * @throws ModelError `operator_unsupported` when ONNX Runtime has no such operator, `model_invalid` when it cannot load or
 * run the file, `run_failed` when the process ends.
 */
export async function runBatches(
  load: Omit<LoadMessage, 'type'> & { readonly pad: number },
  batches: readonly BatchRun[],
): Promise<BatchRuns> {
  const { pad, ...model } = load;
  const process = new InferenceProcess(model);
  const logits: number[][] = [];
  const milliseconds: number[] = [];
  try {
    const { emptyBytes } = await process.ready;
    for (const { pairs, width, repeats = 1 } of batches) {
      const batch = packBatch(pairs, pad, width);
      const times: number[] = [];
      let values: Float32Array | undefined;
      for (let i = 0; i < repeats; i += 1) {
        const scores = await process.run(batch);
        values = scores.logits;
        times.push(scores.ms);
      }
      logits.push([...(values ?? [])]);
      milliseconds.push(times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!);
    }
    return { logits, milliseconds, peakBytes: (await process.peakBytes()) - emptyBytes, emptyBytes };
  } catch (error) {
    throw faultOf(model.modelFile, error as Error);
  } finally {
    process.kill();
    await process.exited;
  }
}

function faultOf(file: string, error: Error): ModelError {
  if (error instanceof LoadFailure) return loadFault(file, error);
  const code = error instanceof ProcessCrash ? 'run_failed' : 'model_invalid';
  return new ModelError(code, `${file} cannot be run: ${error.message}`, file, { cause: error });
}
