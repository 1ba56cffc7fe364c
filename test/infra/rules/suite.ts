import fc from 'fast-check';
import { ConfigurationError } from '@sagemaker-reranker/infra';
import { removeFixtures } from '../support/fixtures.js';
import { ACCESS_RULES } from './access-rules.js';
import { ALARM_RULES } from './alarm-rules.js';
import { deploy, drawn, foreign, outputDirectory, refusal, type Drawn } from './contexts.js';
import type { Deployment } from './deployment.js';
import { HOSTING_RULES } from './hosting-rules.js';
import { Schemas } from './schema.js';
import { STACK_RULES } from './stack-rules.js';

export const RULES = [...ALARM_RULES, ...ACCESS_RULES, ...HOSTING_RULES, ...STACK_RULES];
// Other contexts on every day would make a failure hard to meet again; RULES_SEED draws others.
const seed = Number(process.env.RULES_SEED ?? 20261125);
const DRAWN = Number(process.env.RULES_CONTEXTS ?? 380);
const FOREIGN = 40;

/** Of each fault one example: hundreds of templates have the same. */
function once(faults: readonly { readonly fault: string; readonly label: string }[]): string[] {
  return [...new Map(faults.map(({ fault, label }) => [fault, label]))]
    .map(([fault, label]) => `${fault}\n  in ${label}`)
    .slice(0, 5);
}

/** Runs all rules over one part of the contexts; each part is a test file, so that they share the machine's cores. */
export function rulesOver(part: number, parts: number): void {
  const mine = (_: unknown, i: number) => i % parts === part;
  const contexts: Drawn[] = fc.sample(drawn, { seed, numRuns: DRAWN }).filter(mine);
  const deployments: Deployment[] = [];
  const refused: { readonly context: Drawn; readonly error: ConfigurationError }[] = [];
  let schemas: Schemas;

  beforeAll(async () => {
    schemas = await Schemas.load();
    const outdir = outputDirectory();
    for (const context of contexts) {
      const result = deploy(context, outdir);
      if (result instanceof ConfigurationError) refused.push({ context, error: result });
      else deployments.push(result);
    }
    for (const i of Array.from({ length: FOREIGN }, (_, index) => index).filter(mine))
      deployments.push(foreign(i, outdir));
  }, 900_000);
  afterAll(removeFixtures);

  test('there are enough rules and contexts, each rule with an id of its own and a page of AWS', () => {
    expect(RULES.length).toBeGreaterThanOrEqual(60);
    if (process.env.RULES_CONTEXTS === undefined) expect(DRAWN + FOREIGN).toBeGreaterThanOrEqual(400);
    expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
    for (const { page, breaks } of RULES) {
      expect(page).toMatch(/^https:\/\/docs\.(aws\.amazon|docker)\.com\//);
      expect(breaks.length).toBeGreaterThan(20);
    }
    expect(deployments.length).toBeGreaterThan(contexts.length / 3);
  });

  test('what a combination cannot do is refused with the reason, and nothing else is', () => {
    const wrong = contexts.flatMap((context) => {
      const expected = refusal(context);
      const error = refused.find((each) => each.context === context)?.error.message;
      const right =
        expected === undefined ? error === undefined : error !== undefined && expected.test(error);
      return right ? [] : [`${JSON.stringify(context)}\n  expected ${expected}, was ${error}`];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(refused.length).toBeGreaterThan(0);
  });

  test("every resource fits CloudFormation's own schema", () => {
    expect(
      once(
        deployments.flatMap((deployment) =>
          schemas.faults(deployment).map((fault) => ({ fault, label: deployment.label })),
        ),
      ),
    ).toEqual([]);
  });

  test("CloudFormation's schemas find what does not fit", () => {
    const [deployment] = deployments as [Deployment];
    const resources = {
      Group: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 2, Name: 'x' } },
      Config: { Type: 'AWS::SageMaker::EndpointConfig', Properties: {} },
      Strange: { Type: 'AWS::SageMaker::Reranker', Properties: {} },
    };
    expect(schemas.faults({ ...deployment, resources })).toEqual([
      'Group.Name: no such property',
      'Group.RetentionInDays: 2 is not allowed',
      'Config.ProductionVariants: missing',
      'Strange: no such type AWS::SageMaker::Reranker',
    ]);
  });

  describe.each(RULES)('$id', (rule) => {
    test('holds in every template', () => {
      const faults = deployments.flatMap((deployment) =>
        rule.check(deployment).map((fault) => ({ fault, label: deployment.label })),
      );
      expect(once(faults)).toEqual([]);
    });

    test('is missed where it does not hold', () => {
      for (const deployment of deployments) {
        const copy = structuredClone(deployment);
        if (!rule.violate(copy)) continue;
        expect(rule.check(copy)).not.toEqual([]);
        return;
      }
      throw new Error('no template has anything that this rule is about');
    });
  });
}
