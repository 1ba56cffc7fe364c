import path from 'node:path';
import { processors } from '../../container/src/limits.js';
import {
  NUMBER_SETTINGS,
  type NumberSettingName,
  SettingsError,
  flagOf,
  resolveSettings,
} from '@sagemaker-reranker/container';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';

function faultsOf(resolve: () => unknown): readonly string[] {
  try {
    resolve();
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as SettingsError).faults;
  }
  return [];
}

describe('resolveSettings', () => {
  it('falls back to defaults that are within their own ranges', () => {
    const settings = resolveSettings({}, {});
    for (const name of Object.keys(NUMBER_SETTINGS) as NumberSettingName[]) {
      const { least, most } = NUMBER_SETTINGS[name];
      expect(settings[name]).toBeGreaterThanOrEqual(least);
      expect(settings[name]).toBeLessThanOrEqual(most);
    }
    expect(settings).toMatchObject({ port: 8080, host: '', maxBodyBytes: 26_214_400 });
    expect(settings.workers * settings.threads).toBeLessThanOrEqual(processors());
    expect(settings.modelDir).toBe(embeddedModelDirectory());
  });

  it('prefers a flag to the environment and the environment to the default', () => {
    const env = { SAGEMAKER_BIND_TO_PORT: '9000', RERANKER_THREADS: '3', RERANKER_MODEL_DIR: '/a' };
    expect(resolveSettings({}, env)).toMatchObject({ port: 9000, threads: 3, modelDir: '/a' });
    const overridden = resolveSettings({ port: '0', threads: 4, modelDir: '/b' }, env);
    expect(overridden).toMatchObject({ port: 0, threads: 4, modelDir: '/b' });
  });

  it('says why it chose, and by what it was told', () => {
    expect(resolveSettings({}, {}).reasons).toMatchObject({
      workers: expect.stringMatching(/^one for each of \d+ processors, memory permitting$/),
      threads: expect.stringMatching(/^\d+ processors shared by \d+ inference/),
    });
    const told = resolveSettings({ threads: 2 }, { RERANKER_BATCH_TOKENS: '64' });
    expect(told).toMatchObject({ workers: 1, threads: 2, batchTokens: 64 });
    expect(told.reasons).toMatchObject({
      workers: 'one, as the threads are set',
      threads: '--threads',
      batchTokens: 'RERANKER_BATCH_TOKENS',
    });
  });

  it('takes a process of one thread for each processor, and one alone for each model of several', () => {
    const cores = processors();
    expect(resolveSettings({}, {})).toMatchObject({ workers: cores, threads: 1, divided: true });
    expect(resolveSettings({ workers: 1 }, {})).toMatchObject({ workers: 1, threads: cores, divided: false });
    const several = resolveSettings({}, { SAGEMAKER_MULTI_MODEL: 'true' });
    expect(several).toMatchObject({ workers: 1, threads: cores });
  });

  it('takes an empty variable for an absent one', () => {
    const empty = { SAGEMAKER_BIND_TO_PORT: '', RERANKER_MODEL_DIR: '', RERANKER_LOG_LEVEL: '' };
    expect(resolveSettings({}, empty)).toEqual(resolveSettings({}, {}));
  });

  it.each(Object.keys(NUMBER_SETTINGS) as NumberSettingName[])(
    'names %s, its value and its range',
    (name) => {
      const { env, least, most } = NUMBER_SETTINGS[name];
      const range = `it must be a whole number from ${least} to ${most}`;
      for (const wrong of ['abc', '-1', '1.5', String(most + 1), '1e3', '0x10']) {
        expect(faultsOf(() => resolveSettings({}, { [env]: wrong }))).toContain(
          `${env} is ${JSON.stringify(wrong)}; ${range}`,
        );
        expect(faultsOf(() => resolveSettings({ [name]: wrong }, {}))).toContain(
          `${flagOf(name)} is ${JSON.stringify(wrong)}; ${range}`,
        );
      }
      expect(faultsOf(() => resolveSettings({ [name]: most + 1 }, {}))).toContain(
        `${flagOf(name)} is ${most + 1}; ${range}`,
      );
    },
  );

  it('reports every fault at once', () => {
    const faults = faultsOf(() => resolveSettings({ port: 'x' }, { RERANKER_LOG_LEVEL: 'loud' }));
    expect(faults).toHaveLength(2);
    expect(faults.join()).toMatch(/RERANKER_LOG_LEVEL is "loud"; it must be one of trace, .*--port is "x"/);
  });

  it('refuses a budget for bodies that one body would exceed', () => {
    const env = { RERANKER_MAX_BODY_BYTES: '2000000', RERANKER_INFLIGHT_BYTES: '1000000' };
    expect(faultsOf(() => resolveSettings({}, env))).toEqual([
      'RERANKER_INFLIGHT_BYTES is 1000000; it must be at least RERANKER_MAX_BODY_BYTES, 2000000',
    ]);
  });

  it('makes a relative model directory absolute', () => {
    expect(resolveSettings({ modelDir: 'some/model' }, {}).modelDir).toBe(path.resolve('some/model'));
  });
});
