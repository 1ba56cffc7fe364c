import { fork } from 'node:child_process';
import { ModelError, builtFile } from '@sagemaker-reranker/models';
import type { ProbeMessage, ProbeRequest, ProbeResult } from './protocol.js';

/**
 * Loads an ONNX file in a process of its own and runs batches through it.
 * @throws ModelError `operator_unsupported` when ONNX Runtime has no such operator, `model_invalid` when it cannot load the
 * file, `run_failed` when the process ends.
 */
export function probe(request: ProbeRequest): Promise<ProbeResult> {
  const { model } = request;
  return new Promise((resolve, reject) => {
    const child = fork(builtFile(__dirname, 'worker.js'), { serialization: 'advanced', execArgv: [] });
    child.once('message', (message: ProbeMessage) => {
      if ('result' in message) resolve(message.result);
      else reject(faultOf(model, message.fault));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const how = signal ? `signal ${signal}` : `exit code ${code}`;
      reject(new ModelError('run_failed', `the process that ran ${model} ended with ${how}`, model));
    });
    child.send(request);
  });
}

function faultOf(model: string, fault: string): ModelError {
  const operator = /(?:not a registered function\/op|Could not find an implementation|No Op registered)/i;
  const code = operator.test(fault) ? 'operator_unsupported' : 'model_invalid';
  return new ModelError(code, `${model} cannot be run: ${fault}`, model);
}
