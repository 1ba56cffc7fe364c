// Compares the metrics of dist/evaluation with pytrec_eval (trec_eval 9 bound to Python) on random runs with ties,
// graded, zero, negative and missing judgements and queries without hits.
//
//     pip install pytrec-eval-terrier && node test/evaluation/check-against-pytrec-eval.mjs [PYTHON]
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { measure } = require('../../dist/evaluation');
const { Random } = require('../../dist/models/random');

const NAMES = {
  ndcg: 'ndcg_cut_10',
  map: 'map',
  mrr: 'recip_rank',
  recall: 'recall_10',
  precision: 'P_10',
  hitRate: 'success_10',
};
const PYTHON = `
import json, sys, pytrec_eval
data = json.load(sys.stdin)
evaluator = pytrec_eval.RelevanceEvaluator(data["qrels"], {"ndcg_cut.10", "map", "recip_rank", "recall.10", "P.10", "success.10"})
json.dump(evaluator.evaluate(data["run"]), sys.stdout)
`;

const random = new Random(20);
const qrels = {};
const run = {};
for (let q = 0; q < 500; q++) {
  const judged = (qrels[`q${q}`] = {});
  const count = 1 + random.below(30);
  for (let i = 0; i < count; i++) judged[`d${random.below(60)}`] = random.below(5) - 1;
  // Every tenth query has no hits: pytrec_eval leaves it out, here it counts as 0.
  if (q % 10 === 0) continue;
  const scores = (run[`q${q}`] = {});
  const found = 1 + random.below(50);
  // Scores of few levels make ties; others differ by less than a 32-bit float can tell.
  for (let i = 0; i < found; i++) {
    scores[`d${random.below(60)}`] =
      q % 3 === 0 ? random.below(5) : 1 + random.next() * (q % 3 === 1 ? 1 : 1e-7);
  }
}

const answer = spawnSync(process.argv[2] ?? 'python3', ['-c', PYTHON], {
  input: JSON.stringify({ qrels, run }),
  encoding: 'utf8',
  maxBuffer: 1 << 28,
});
if (answer.status !== 0) throw new Error(answer.stderr || String(answer.error));
const theirs = JSON.parse(answer.stdout);
const toMap = (object) => new Map(Object.entries(object));
const ours = measure(
  new Map(
    Object.entries(run).map(([q, scores]) => [
      q,
      Object.entries(scores).map(([id, score]) => ({ id, score })),
    ]),
  ),
  new Map(Object.entries(qrels).map(([q, judged]) => [q, toMap(judged)])),
).perQuery;

let compared = 0;
let worst = 0;
for (const [query, metrics] of ours) {
  for (const [name, theirName] of Object.entries(NAMES)) {
    let expected = theirs[query]?.[theirName] ?? 0;
    // trec_eval's recip_rank has no depth; ours stops at 10.
    if (name === 'mrr' && expected < 1 / 10) expected = 0;
    worst = Math.max(worst, Math.abs(metrics[name] - expected));
    compared++;
  }
}
console.log(`${compared} values compared, largest difference ${worst.toExponential(2)}`);
if (!(worst < 1e-6)) process.exitCode = 1;
