-- Redshift ML, remote inference. The role must be able to call sagemaker:InvokeEndpoint.
CREATE MODEL reranker
FUNCTION rerank (varchar, varchar)
RETURNS float8
SAGEMAKER 'reranker'
IAM_ROLE default;

SELECT id, rerank('in-memory cache', body) AS score
FROM passages
ORDER BY score DESC
LIMIT 10;
