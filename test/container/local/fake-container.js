// A container that fails on request, for what the real one cannot be made to do.
// The field `query` of the body is the directive; the model directory decides how it starts.
const http = require('node:http');

const { argv } = process;
const start = argv.includes('--model') ? argv[argv.indexOf('--model') + 1] : 'ready';
if (start === 'exit') {
  console.error('no model directory at exit');
  process.exit(2);
}

/** Actions of all requests so far. */
const seen = [];

const actions = {
  echo: (response, request, body) => {
    const attributes = request.headers['x-amzn-sagemaker-custom-attributes'];
    if (attributes) response.setHeader('X-Amzn-SageMaker-Custom-Attributes', `seen ${attributes}`);
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.setHeader('Server', 'fake');
    response.end(JSON.stringify({ url: request.url, headers: request.headers, bytes: body.length }));
  },
  status: (response, _request, _body, code, text) => {
    response.writeHead(Number(code), { 'content-type': 'application/json' }).end(text);
  },
  answer: (response, _request, _body, text) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(text);
  },
  flood: (response, _request, _body, bytes) => response.end(Buffer.alloc(Number(bytes), 'x')),
  seen: (response) => response.end(seen.join(' ')),
  hang: () => undefined,
  crash: () => process.exit(3),
  break: (response) => {
    response.writeHead(200, { 'content-length': 100 }).write('half');
    setTimeout(() => response.destroy(), 20);
  },
  slow: (response) => setTimeout(() => response.end('late but whole'), 500),
  // Lines of a stream, which then ends as it is told.
  lines: (response, _request, _body, end, text) => {
    response.writeHead(200, { 'content-type': 'application/jsonlines' }).write(text, () => {
      if (end === 'whole') response.end();
      if (end === 'broken') response.destroy();
    });
  },
  stream: (response, _request, _body, end) => {
    response.writeHead(200, { 'content-type': 'application/jsonlines' });
    response.write('{"part":1}\n');
    setTimeout(() => response.write('{"part":2}\n'), 20);
    if (end === 'whole') setTimeout(() => response.end(), 40);
    if (end === 'broken') setTimeout(() => response.destroy(), 40);
  },
};

const server = http.createServer(async (request, response) => {
  if (request.url === '/ping') {
    response.writeHead(start === 'never' ? 503 : 200).end();
    return;
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  let directive = 'echo';
  try {
    directive = JSON.parse(body.toString()).query ?? 'echo';
  } catch {
    // Not JSON: echo.
  }
  const [action, ...rest] = directive.split('|');
  seen.push(action);
  actions[action](response, request, body, ...rest);
});
server.listen(Number(argv[argv.indexOf('--port') + 1]), '127.0.0.1', () => {
  const { port } = server.address();
  console.log(`fake container on ${port}`);
  process.send({ port });
});
process.on('SIGTERM', () => server.close(() => process.exit(0)));
