/** Runs one model in a process of its own: its peak memory is the model's, and a native crash ends nothing else. */
import { readFileSync } from 'node:fs';
import { InferenceSession, type Tensor } from '../runtime.js';
import { SESSION_OPTIONS } from '../session-options.js';
import { pairFeeds } from './feeds.js';
import type { ProbeBatch, ProbeMessage, ProbeRequest, ProbeResult } from './protocol.js';

function feeds(session: InferenceSession, request: ProbeRequest, batch: ProbeBatch): Record<string, Tensor> {
  const longest = batch.pairs.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const given = pairFeeds(request.inputs, request.pad, batch.pairs, Math.max(longest, batch.width ?? 0));
  return Object.fromEntries(Object.entries(given).filter(([name]) => session.inputNames.includes(name)));
}

/** Largest resident memory of this process since it started, in bytes; Linux says it without the parent's share. */
function peakBytes(): number {
  try {
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
    if (line) return 1024 * Number(line[1]);
  } catch {
    // Not Linux: the portable figure follows.
  }
  return 1024 * process.resourceUsage().maxRSS;
}

async function probe(request: ProbeRequest): Promise<ProbeResult> {
  const before = peakBytes();
  const session = await InferenceSession.create(request.model, {
    ...SESSION_OPTIONS,
    intraOpNumThreads: request.threads,
    enableMemPattern: false,
    logSeverityLevel: 4,
  });
  const names = { inputs: [...session.inputNames], outputs: [...session.outputNames] };
  const logits: number[][] = [];
  const times: number[] = [];
  for (const batch of request.batches) {
    const given = feeds(session, request, batch);
    let values: number[] = [];
    const runs: number[] = [];
    for (let i = 0; i < (batch.repeats ?? 1); i++) {
      const start = performance.now();
      const out = (await session.run(given))[request.output];
      runs.push(performance.now() - start);
      if (!out) throw new Error(`it has outputs ${names.outputs.join(', ')}, not ${request.output}`);
      if (!(out.data instanceof Float32Array) || out.data.length !== batch.pairs.length)
        throw new Error(
          `output ${request.output} is ${out.type} [${out.dims.join(', ')}], not float32 [batch, 1]`,
        );
      values = [...out.data];
    }
    logits.push(values);
    times.push(runs.sort((a, b) => a - b)[Math.floor(runs.length / 2)]);
  }
  return { ...names, logits, milliseconds: times, peakBytes: peakBytes() - before, emptyBytes: before };
}

const reply = (message: ProbeMessage): void => {
  process.send?.(message, () => process.disconnect());
};

process.once('message', (request: ProbeRequest) => {
  probe(request).then(
    (result) => reply({ result }),
    (error: unknown) => reply({ fault: (error as Error).message }),
  );
});
