-- What aurora.sql calls of the extension aws_ml, which exists in Aurora alone: each call is sent to `reranker local`, as a row of CSV.
-- Aurora sends as many rows at once as the second argument allows; the answer is a row for each, in both cases.
CREATE EXTENSION IF NOT EXISTS plpython3u;
CREATE SCHEMA IF NOT EXISTS aws_sagemaker;

CREATE OR REPLACE FUNCTION aws_sagemaker.invoke_endpoint(
  endpoint_name text, max_rows_per_batch integer, VARIADIC model_input text[], OUT model_output text
) AS $$
  import csv, io, os, urllib.request
  row = io.StringIO()
  csv.writer(row).writerow(model_input)
  request = urllib.request.Request(
      f"{os.environ['RERANKER_URL']}/endpoints/{endpoint_name}/invocations",
      data=row.getvalue().encode(),
      headers={"Content-Type": "text/csv", "Accept": "text/csv"},
  )
  return next(csv.reader(io.StringIO(urllib.request.urlopen(request).read().decode())))[0]
$$ LANGUAGE plpython3u;
