/** The request of the page in the words of each client. `origin` is where the local endpoint listens. */
export const SNIPPETS = ['curl', 'TypeScript', 'boto3', 'AWS CLI', 'Jina', 'Cohere', 'TEI'] as const;
export type SnippetName = (typeof SNIPPETS)[number];

const SHOWN = 3;

export function snippet(name: SnippetName, origin: string, query: string, texts: readonly string[]): string {
  const documents = texts
    .slice(0, SHOWN)
    .map((text) => (text.length > 120 ? `${text.slice(0, 119)}…` : text));
  const body = JSON.stringify({ query, documents });
  const q = JSON.stringify(query);
  const list = JSON.stringify(documents, null, 2).replaceAll('\n', '\n    ');
  switch (name) {
    case 'curl':
      return `curl -s ${origin}/endpoints/any/invocations \\\n  -H 'content-type: application/json' \\\n  -d ${shell(body)}`;
    case 'TypeScript':
      return `import { RerankerClient } from '@sagemaker-reranker/client';

const client = new RerankerClient({ endpointName: 'any', endpoint: '${origin}', region: 'us-east-1' });
const { results } = await client.rerank({
  query: ${q},
  documents: ${JSON.stringify(documents, null, 2).replaceAll('\n', '\n  ')},
  topN: 3,
});
console.log(results);`;
    case 'boto3':
      return `import json, boto3

runtime = boto3.client("sagemaker-runtime", region_name="us-east-1", endpoint_url="${origin}",
                       aws_access_key_id="x", aws_secret_access_key="x")
answer = runtime.invoke_endpoint(
    EndpointName="any",
    ContentType="application/json",
    Body=json.dumps({"query": ${q}, "documents": ${list}}),
)
print(json.load(answer["Body"])["results"])`;
    case 'AWS CLI':
      return `printf %s ${shell(body)} > request.json
AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x aws sagemaker-runtime invoke-endpoint \\
  --endpoint-url ${origin} --region us-east-1 --endpoint-name any \\
  --content-type application/json --body fileb://request.json answer.json && cat answer.json`;
    case 'Jina':
      return `curl -s ${origin}/v1/rerank -H 'content-type: application/json' \\
  -d ${shell(JSON.stringify({ model: 'reranker', query, documents, top_n: 3 }))}`;
    case 'Cohere':
      return `import cohere

client = cohere.ClientV2(api_key="x", base_url="${origin}")
answer = client.rerank(model="reranker", query=${q}, documents=${list}, top_n=3)
print(answer.results)`;
    case 'TEI':
      return `curl -s ${origin}/rerank -H 'content-type: application/json' \\
  -d ${shell(JSON.stringify({ query, texts: documents }))}`;
  }
}

const shell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
