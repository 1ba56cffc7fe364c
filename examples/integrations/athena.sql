-- Athena, engine version 3. The workgroup's role needs sagemaker:InvokeEndpoint.
USING EXTERNAL FUNCTION rerank(query VARCHAR, document VARCHAR)
  RETURNS DOUBLE
  SAGEMAKER 'reranker'
SELECT id, rerank('in-memory cache', body) AS score
FROM passages
ORDER BY score DESC
LIMIT 10;
