import { reranker } from '../support/cli.js';

interface Tuned {
  readonly trials: readonly Readonly<Record<string, number>>[];
  readonly environment: Readonly<Record<string, string>>;
}

describe('reranker tune', () => {
  it('measures the embedded model and names the best of what it tried', async () => {
    const { code, stdout } = await reranker(['tune', '--seconds', '0.05', '--json']);
    expect(code).toBe(0);
    const { trials, environment } = JSON.parse(stdout) as Tuned;
    expect(new Set(trials.map(({ batchTokens }) => batchTokens)).size).toBe(4);
    expect(new Set(trials.map(({ arena }) => arena)).size).toBe(2);
    expect(new Set(trials.map(({ spin }) => spin)).size).toBe(2);
    const fastest = trials.reduce((a, b) => (b.tokensPerSecond! > a.tokensPerSecond! ? b : a));
    expect(fastest.tokensPerSecond).toBeGreaterThan(0);
    expect(environment).toEqual({
      RERANKER_WORKERS: String(fastest.workers),
      RERANKER_THREADS: String(fastest.threads),
      RERANKER_BATCH_TOKENS: String(fastest.batchTokens),
      RERANKER_ARENA: String(fastest.arena),
      RERANKER_SPIN: String(fastest.spin),
      RERANKER_BFLOAT16: String(fastest.bfloat16),
    });
  });

  it('refuses a time that is none and a directory without a model', async () => {
    const none = await reranker(['tune', '--seconds', '0']);
    expect(none.code).not.toBe(0);
    expect(none.stderr).toContain('it must be a number over 0, at most 600');
    const missing = await reranker(['tune', '--model', '/nonexistent']);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('no model directory at /nonexistent');
  });
});
