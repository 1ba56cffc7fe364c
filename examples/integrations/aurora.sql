-- Aurora PostgreSQL, with the extension aws_ml and a role on the cluster that may call sagemaker:InvokeEndpoint.
CREATE EXTENSION IF NOT EXISTS aws_ml CASCADE;

-- The parameters after the third are the columns of each row that is sent: query, document.
CREATE OR REPLACE FUNCTION rerank(query text, document text, OUT score double precision) AS $$
  SELECT aws_sagemaker.invoke_endpoint('reranker', 256, query, document)::double precision
$$ LANGUAGE SQL PARALLEL SAFE COST 5000;

SELECT id, rerank('in-memory cache', body) AS score
FROM (SELECT id, body FROM passages WHERE body ILIKE '%memory%' LIMIT 100) AS candidates
ORDER BY score DESC
LIMIT 10;
