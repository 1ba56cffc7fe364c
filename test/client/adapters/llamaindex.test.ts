import { MetadataMode, TextNode, type NodeWithScore } from '@llamaindex/core/schema';
import { fuseScores, RerankerClient, UnavailableError, ValidationError } from '@sagemaker-reranker/client';
import { RerankerPostprocessor } from '../../../client/src/adapters/llamaindex.js';
import { codecTransport, rejection } from '../support/codec-transport.js';

const nodes: NodeWithScore[] = ['a', 'ccc', 'bb'].map((text, i) => ({
  node: new TextNode({ text, metadata: { page: i } }),
  score: 1 - i / 10,
}));

it('orders nodes by score, for a query of any message content', async () => {
  const queries: string[] = [];
  const transport = codecTransport((text, query) => {
    queries.push(query);
    return text.length - 2;
  });
  const client = new RerankerClient({ transport });
  const postprocessor = new RerankerPostprocessor({ client, topN: 2, metadataMode: MetadataMode.NONE });
  const ranked = await postprocessor.postprocessNodes(nodes, [{ type: 'text', text: 'what is' }]);
  expect(ranked.map(({ node }) => node)).toEqual([nodes[1]!.node, nodes[2]!.node]);
  expect(ranked[0]!.node).toBe(nodes[1]!.node);
  expect(ranked.map(({ score }) => score)).toEqual([1 / (1 + Math.exp(-1)), 0.5]);
  expect(new Set(queries)).toEqual(new Set(['what is']));
  expect(nodes[1]!.score).toBe(0.9);

  const all = new RerankerPostprocessor({ client });
  await all.postprocessNodes(nodes, 'q');
  expect(Buffer.from(transport.sent[1]!.body).toString()).toContain('page: 1');
  expect(await all.postprocessNodes([])).toEqual([]);
  expect(await rejection(all.postprocessNodes(nodes))).toBeInstanceOf(ValidationError);
});

it('keeps order and scores of the first stage when the endpoint is unavailable', async () => {
  const transport = codecTransport(
    () => 0,
    () => {
      throw new UnavailableError('service_unavailable', 'down');
    },
  );
  const client = new RerankerClient({ transport, retry: false, onUnavailable: 'passthrough' });
  expect(await new RerankerPostprocessor({ client }).postprocessNodes(nodes, 'q')).toEqual(nodes);
});

it('fuses with the scores that the nodes came with, and says so when they have none', async () => {
  const client = new RerankerClient({ transport: codecTransport((text) => text.length) });
  const postprocessor = new RerankerPostprocessor({ client, fusion: { weight: 0.2 } });
  const fused = await postprocessor.postprocessNodes(nodes, 'q');
  expect(fused[0]!.node).toBe(nodes[0]!.node);
  expect(fused.map(({ score }) => score)).toEqual(
    fuseScores(
      [1, 0.9, 0.8],
      [nodes[0]!, nodes[1]!, nodes[2]!].map(({ node }) => node.getContent(MetadataMode.ALL).length),
      { weight: 0.2 },
    ),
  );
  const unscored = nodes.map(({ node }) => ({ node }));
  expect((await rejection(postprocessor.postprocessNodes(unscored, 'q'))).message).toContain(
    'firstStageScores',
  );
});
