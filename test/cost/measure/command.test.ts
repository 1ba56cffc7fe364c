import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { measureCommand } from '../../../cli/src/commands/cost-measure.js';
import type { Measurement } from '../../../cost/src/types.js';
import { answerTo, startService } from '../../client/support/service.js';
import { CLI, reranker } from '../../support/cli.js';
import { inProcess } from '../support/in-process.js';

let directory: string;
beforeEach(async () => (directory = await mkdtemp(path.join(tmpdir(), 'cost-measure-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const SHORT = [
  '--machine',
  'test',
  '--duration',
  '1',
  '--documents',
  '10',
  '--concurrency',
  '2',
  '--loads',
  '0.5',
];

test('measures the real container on the embedded model', async () => {
  const { code, stdout, stderr } = await reranker(['cost', 'measure', ...SHORT, '--out', `${directory}/`]);
  expect([code, stderr]).toEqual([0, expect.stringContaining('concurrency 2: ')]);
  const file = path.join(directory, 'test-embedded-int8.json');
  expect(stdout).toBe(`${file}\n`);
  expect(await readdir(directory)).toEqual(['test-embedded-int8.json']);
  const result = JSON.parse(await readFile(file, 'utf8')) as Measurement;
  expect(result).toMatchObject({
    format: 2,
    instanceType: null,
    hosting: 'container',
    model: { name: 'embedded', precision: 'int8', maxLength: 2048 },
    machine: { name: 'test' },
    traffic: { documentsPerQuery: 10, queryTokens: 12, seed: 7 },
  });
  expect(result.command).toContain('reranker cost measure --machine test');
  const { saturation, traffic, closed, open, memory, startSeconds } = result;
  // The generator's counts are the container's: tokens are those of the pairs stated, over whole rounds of queries.
  expect(saturation.tokensPerSecond / saturation.pairsPerSecond / traffic.meanPairTokens).toBeGreaterThan(
    0.7,
  );
  expect(saturation.tokensPerSecond / saturation.pairsPerSecond / traffic.meanPairTokens).toBeLessThan(1.3);
  expect(stderr).not.toContain('tokenizer is another');
  expect(closed.length).toBeGreaterThanOrEqual(2);
  expect(open).toHaveLength(1);
  for (const step of [...closed, ...open]) expect(step).toMatchObject({ failed: 0, throttled: 0 });
  expect(startSeconds).toBeGreaterThan(0);
  if (process.platform === 'linux') {
    expect(saturation.cpuSecondsPerPair).toBeGreaterThan(0);
    expect(memory!.peakMib).toBeGreaterThanOrEqual(memory!.idleMib);
    expect(memory!.idleMib).toBeGreaterThan(50);
  }
});

test('measures a container by its address and tells of another tokenizer; measures an endpoint by its name', async () => {
  const paths = new Set<string | undefined>();
  const service = await startService((request, response, body) => {
    paths.add(request.url);
    // As slow as a small model, so that the generator does not fill a core.
    setTimeout(() => response.end(answerTo(body)), 20);
  });
  try {
    const precision = (name: string): string[] => ['--variant', 'tiny', '--precision', name];
    const where = ['--endpoint-name', 'mine', '--url', service.url, '--region', 'eu-west-1'];
    const rest = [...SHORT.slice(2), '--instance-type', 'ml.c7i.xlarge', '--out', `${directory}/`];
    const [address, endpoint] = await Promise.all([
      reranker([
        ...['cost', 'measure', ...SHORT, '--url', service.url],
        ...[...precision('fp32'), '--out', `${directory}/`],
      ]),
      reranker(['cost', 'measure', ...rest, ...where, ...precision('int8')]),
    ]);
    expect([address.code, address.stderr]).toEqual([0, expect.stringContaining('its tokenizer is another')]);
    expect([endpoint.code, endpoint.stderr]).toEqual([0, expect.any(String)]);
  } finally {
    await service.close();
  }
  expect(paths).toContain('/endpoints/mine/invocations');
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(path.join(directory, name), 'utf8'));
  expect(await read('test-tiny-fp32.json')).toMatchObject({
    model: { name: 'tiny', precision: 'fp32' },
    memory: null,
    software: null,
  });
  expect(await read('ml.c7i.xlarge-tiny-int8.json')).toMatchObject({
    hosting: 'real-time',
    region: 'eu-west-1',
    instanceType: 'ml.c7i.xlarge',
    machine: { vcpus: 4, architecture: 'x86_64', processor: null },
  });
});

test('an interrupt leaves no file and no process', async () => {
  const args = ['cost', 'measure', ...SHORT, '--duration', '60', '--out', `${directory}/`];
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (stderr.includes('warming up')) child.kill('SIGINT');
  });
  // 'close' comes when nobody holds its standard error any more.
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(stderr).toContain('interrupted; nothing was written');
  expect(code).not.toBe(0);
  expect(await readdir(directory)).toEqual([]);
});

test.each([
  [['--model', 'a', '--url', 'http://127.0.0.1:1'], /give one of them/],
  [
    ['--url', 'http://127.0.0.1:1'],
    /does not say what it serves: give --variant and --precision, or its model directory/,
  ],
  [['--variant', 'tiny'], /--variant: the model directory says it; leave it out/],
  [
    ['--url', 'nowhere', '--variant', 'tiny', '--precision', 'int8'],
    /--url is "nowhere"; it must be an http/,
  ],
  [['--endpoint-name', 'e', '--variant', 'tiny', '--precision', 'int8'], /say --instance-type/],
  [['--endpoint-name', 'e', '--concurrency', '80'], /--concurrency is at most 50 here, not 80/],
  [['--instance-type', 'ml.c7i.huge'], /ml\.c7i/],
  [['--tokens', '5:3'], /--tokens is "5:3"; it must be mix/],
  [['--machine', '../x'], /letters, digits, dots and hyphens/],
  [['--loads', '0.5,3'], /numbers over 0 and up to 2/],
])('refuses %j', async (args, message) => {
  const machine = args.includes('--machine') || args.includes('--endpoint-name') ? [] : ['--machine', 'test'];
  await expect(inProcess(measureCommand(), [...machine, ...args, '--out', `${directory}/`])).rejects.toThrow(
    message,
  );
  expect(await readdir(directory)).toEqual([]);
});
